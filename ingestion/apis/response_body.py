"""What a body of an API says: the JSON of an answer, or the reason why there is none."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from ingestion.apis.api import CutOffError, UnfitError
from ingestion.finding.web_page import page_title
from ingestion.forms.exact_json import NoNumberError, RepeatedKeyError, decode_strictly
from ingestion.forms.tabular.stream import csv_record

_REASONS = ("reason", "detail", "title")  # Open-Meteo; NWS, as RFC 9457 has it
_LONGEST = 200  # characters of a body that is no JSON
_LONGEST_REST = 8  # characters that can be the beginning of what was cut off, such as `fals` or a number


def said(body: bytes) -> str:
    """What an error of the other side says: a reason in JSON, the title of a page, or the first line."""
    title = page_title(body)
    if title is not None:
        return f"a web page: {title[:_LONGEST]!r}"
    with suppress(ValueError, RecursionError):
        found = json.loads(body)
        if isinstance(found, dict):
            for key in _REASONS:
                if found.get(key):
                    return str(found[key])[:_LONGEST]
    first, _, _ = body.decode(errors="backslashreplace").strip().partition("\n")
    return first[:_LONGEST]


def json_answer(body: bytes, key: str) -> dict[str, Any]:
    """The object of an answer, which has `key`; numbers are as they are written.

    Raises UnfitError when it is something else, and CutOffError when its end is missing.
    """
    if page_title(body) is not None:
        raise UnfitError(f"{said(body)} came, not data")
    text = _text(body)
    try:
        found = decode_strictly(text)
    except json.JSONDecodeError as error:
        is_near_end = error.msg != "Extra data" and len(text) - error.pos <= _LONGEST_REST
        if is_near_end or error.msg.startswith("Unterminated string"):
            raise CutOffError(f"is no whole JSON, after {len(body):,} bytes") from None
        raise UnfitError(f"it is no JSON at character {error.pos:,}, but says: {said(body)}") from None
    except NoNumberError as error:
        raise UnfitError(f"it has {error} in place of a number") from None
    except RepeatedKeyError:
        raise UnfitError("a key stands twice in an object of it") from None
    except RecursionError:
        raise UnfitError("it is nested too deep") from None
    if not isinstance(found, dict) or key not in found:
        raise UnfitError(f"it has no {key!r}, but says: {said(body)}")
    return found


def _text(body: bytes) -> str:
    """The text of a body, without a byte order mark. Raises UnfitError and CutOffError."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise CutOffError(f"ends within a character, after {len(body):,} bytes") from None
        raise UnfitError(f"it is no UTF-8 at byte {error.start:,}") from None


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """CSV with a header. Raises UnfitError for what is not Unicode."""
    try:
        return b"".join(csv_record(record) + b"\n" for record in chain([columns], rows))
    except UnicodeEncodeError:
        raise UnfitError("it has half of a surrogate pair") from None
