"""JSON Lines: one object on each line; the columns are its keys, in the order in which they come up.

Numbers stay as they are written and nested values become JSON again; `null` is missing, as is a key that is
not there.
"""

import json
from collections.abc import Iterator
from typing import Any

from ingestion.errors import OntimeError
from ingestion.forms.encoding import Text
from ingestion.forms.exact_json import Number, RepeatedKeyError, decode
from ingestion.forms.records import RECORD_LIMIT, Clean, Reject
from ingestion.forms.tabular.stream import csv_record, temporary_copy

_AT_ONCE = 1_000  # records that are handed on together

Object = dict[str, Any]


class JsonLines:
    """Reads the lines of one file: `header()`, then `records()`. A line that is no object is rejected.

    `text` was made for JSON; `name` stands in messages. The content waits in a temporary file, since its last
    line may have a key that no other has.
    """

    form = "JSON Lines"

    def __init__(self, text: Text, name: str) -> None:
        self._text = text
        self._content = temporary_copy(text.read)
        self._name = name
        self._keys: dict[str, None] = {}

    @property
    def encoding(self) -> str:
        """What the text is written in."""
        return self._text.encoding

    def header(self) -> list[str]:
        """The keys of all lines. Raises OntimeError when no line is an object with a value."""
        for line in self._lines():
            try:
                self._keys.update(dict.fromkeys(_object(line)))
            except _NoRecord:
                continue  # rejected by `records`
        if not self._keys:
            raise OntimeError(
                f"{self._name}: no line of it is a JSON object with a value",
                'write an object on each line, such as {"code": "EWR", "flights": 3}',
            )
        return list(self._keys)

    def records(self, width: int, *, last_is_empty: bool = False) -> Iterator[Clean | Reject]:
        """The lines, numbered from 1, as records of `width` fields: as many as the header has."""
        assert width == len(self._keys)
        assert not last_is_empty
        sound: list[bytes] = []
        record_no = 0
        for record_no, line in enumerate(self._lines(), start=1):
            try:
                sound.append(self._record(line))
                fault = None
            except _NoRecord as error:
                fault = str(error)
            if sound and (fault or len(sound) == _AT_ONCE):
                yield Clean(record_no - len(sound) + (fault is None), sound)
                sound = []
            if fault:
                yield Reject(record_no, fault, self._text.as_it_came(line[:RECORD_LIMIT]))
        if sound:
            yield Clean(record_no - len(sound) + 1, sound)

    def warnings(self, name: str) -> list[str]:
        """What is to be known of the text."""
        return self._text.warnings(name)

    def _lines(self) -> Iterator[bytes]:
        """The lines with their ends; a longer one is cut after RECORD_LIMIT."""
        self._content.seek(0)
        while line := self._content.readline(RECORD_LIMIT + 1):
            yield line
            while len(line) > RECORD_LIMIT and not line.endswith(b"\n"):
                line = self._content.readline(RECORD_LIMIT + 1)

    def _record(self, line: bytes) -> bytes:
        """A line as a record of CSV. Raises _NoRecord."""
        found = _object(line)
        values = [_text(found.get(key)) for key in self._keys]
        if any(value and "\0" in value for value in values):
            raise _NoRecord("NUL character")
        try:
            return csv_record(values)
        except UnicodeEncodeError:
            raise _NoRecord("half of a surrogate pair") from None


class _NoRecord(Exception):  # noqa: N818
    """Why a line does not land."""


def _object(line: bytes) -> Object:
    """The object of a line, its numbers as they are written. Raises _NoRecord when there is none."""
    if len(line) > RECORD_LIMIT:
        raise _NoRecord(
            f"line of more than {RECORD_LIMIT >> 20} MiB, of which the original keeps the beginning"
        )
    if not line.strip():
        raise _NoRecord("blank line")
    try:
        found = decode(line.decode().rstrip())
    except json.JSONDecodeError as error:
        raise _NoRecord(f"not JSON at character {error.pos + 1}: {error.msg}") from None
    except RepeatedKeyError:
        raise _NoRecord("a key stands twice in an object") from None
    except RecursionError:
        raise _NoRecord("nested too deep") from None
    if not isinstance(found, dict):
        raise _NoRecord("JSON, but no object")
    return found


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    """JSON of a decoded value; json.dumps would write numbers as texts."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(key)}:{_json(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)
