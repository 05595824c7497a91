"""The file that declares a database and those of its tables that are read.

    name = "fleet"                       # the raw schema is raw_fleet

    [tables.aircraft]                    # the raw table is raw_fleet.aircraft
    columns = ["tail_number", "owner_type", "updated_at"]
    key = ["tail_number"]
    cursor = "updated_at"
    window = "2 days"
    vanished = "mark"

docs/databases.md says what each entry means.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ingestion.errors import OntimeError
from ingestion.forms.tabular.names import column_names
from ingestion.source import Dataset, Source

ALL = "all"
VANISHED = "_vanished"
"""What the name of a table is lengthened by, for the table of its keys that vanished."""
_DATABASE_ENTRIES = ("name", "tables")
_TABLE_ENTRIES = ("table", "schema", "columns", "key", "cursor", "window", "vanished")
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_WINDOW = re.compile(rf"(\d{{1,6}}) ({'|'.join(_UNITS)})s?")

Window = timedelta | int


@dataclass(frozen=True)
class Table:
    """A table to read. Names of columns are those of the source.

    `name` is that of the raw table, `table` and `schema` say where it is in the source. `columns` are those
    that land, None for all. `window` is what is read again below the cursor's last value: a time, or a number
    where the cursor is one.
    """

    name: str
    table: str
    schema: str | None
    columns: tuple[str, ...] | None
    key: tuple[str, ...]
    cursor: str | None
    window: Window | None
    marks_vanished: bool

    @property
    def vanished(self) -> str | None:
        """The raw table of the keys that vanished, if they are marked."""
        return f"{self.name}{VANISHED}" if self.marks_vanished else None

    @property
    def rows(self) -> Dataset:
        """The dataset of its rows. Of all columns only the needed ones are known before it is read."""
        return Dataset(self.name, raw_names(self.needed), may_be_empty=True)

    @property
    def vanished_keys(self) -> Dataset | None:
        """The dataset of the keys that vanished, if they are marked."""
        return None if self.vanished is None else Dataset(self.vanished, raw_names(self.key))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that the source must have, without repetition."""
        cursor = () if self.cursor is None else (self.cursor,)
        return tuple(dict.fromkeys((*(self.columns or ()), *self.key, *cursor)))


@dataclass(frozen=True)
class Database:
    """A database and its tables. `place` names the file that declares it, for messages."""

    name: str
    tables: tuple[Table, ...]
    place: str

    @property
    def source(self) -> Source:
        """The source whose datasets the tables are."""
        pairs = ((table.rows, table.vanished_keys) for table in self.tables)
        return Source(self.name, tuple(dataset for pair in pairs for dataset in pair if dataset is not None))


def read_config(path: Path, taken: Collection[str] = ()) -> Database:
    """The database that a file declares. Raises OntimeError that names the entry which is wrong.

    `taken` are the names of other sources: two of one name would share a raw schema and its ledger.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OntimeError(f"{path}: {error.strerror}", "name the file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OntimeError(f"{path}: is no TOML: {error}", "correct it, see docs/databases.md") from None
    try:
        database = _database(declared, path.name)
    except ValueError as error:
        raise OntimeError(f"{path}: {error}", "correct it, see docs/databases.md") from None
    if database.name in taken:
        raise OntimeError(
            f'{path}: name = "{database.name}" is taken: {database.source.raw_schema} is of another source',
            "give the database another name; docs/databases.md says what to do if it was loaded before",
        )
    return database


def raw_name(column: str) -> str:
    """Name in raw of a column of the source: snake case that needs no quotes in SQL."""
    return column_names([column], "column")[0]


def raw_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Names in raw of several columns. Raises ValueError when two would share one."""
    names: dict[str, str] = {}
    for column in columns:
        name = raw_name(column)
        if name in names:
            raise ValueError(
                f"the columns {names[name]!r} and {column!r} would both become {name}; list one of them"
            )
        names[name] = column
    return tuple(names)


def _database(declared: Mapping[str, Any], place: str) -> Database:
    _check_entries(declared, _DATABASE_ENTRIES, "the file")
    name, tables = declared.get("name"), declared.get("tables")
    if not isinstance(name, str):
        raise ValueError('a name is missing, such as: name = "fleet"')
    if not isinstance(tables, dict) or not tables:
        raise ValueError("tables are missing, such as: [tables.aircraft]")
    database = Database(name, tuple(_table(name, entries) for name, entries in tables.items()), place)
    _ = database.source  # names are checked where they are made
    return database


def _table(name: str, declared: object) -> Table:
    where = f"tables.{name}"
    if not isinstance(declared, dict):
        raise ValueError(f"{where}: is no table of entries, such as: [{where}]")
    _check_entries(declared, _TABLE_ENTRIES, where)
    cursor = _text(declared, "cursor", where)
    key = _texts(declared, "key", where) or ()
    columns = None if declared.get("columns", ALL) == ALL else _texts(declared, "columns", where)
    vanished = declared.get("vanished", "keep")
    if vanished not in ("mark", "keep"):
        raise ValueError(f'{where}: vanished is {vanished!r}, where "mark" or "keep" is expected')
    for needed, entry in ((cursor, "cursor"), (vanished == "mark", 'vanished = "mark"')):
        if needed and not key:
            raise ValueError(f"{where}: {entry} needs a key: without one, rows cannot be told apart")
    for column in (*key, *([cursor] if cursor else [])):
        if columns is not None and column not in columns:
            raise ValueError(f"{where}: {column!r} is key or cursor, but not among the columns")
    return Table(
        name=name,
        table=_text(declared, "table", where) or name,
        schema=_text(declared, "schema", where),
        columns=columns,
        key=key,
        cursor=cursor,
        window=_window(declared, where),
        marks_vanished=vanished == "mark",
    )


def _check_entries(declared: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := [entry for entry in declared if entry not in known]:
        raise ValueError(f"{where}: {unknown[0]!r} is not known here; there are {', '.join(known)}")


def _text(declared: Mapping[str, Any], entry: str, where: str) -> str | None:
    found = declared.get(entry)
    if found is None or (isinstance(found, str) and found):
        return found
    raise ValueError(f'{where}: {entry} is {found!r}, where a text is expected, such as: {entry} = "..."')


def _texts(declared: Mapping[str, Any], entry: str, where: str) -> tuple[str, ...] | None:
    found = declared.get(entry)
    if found is None:
        return None
    if not isinstance(found, list) or not found or not all(isinstance(text, str) and text for text in found):
        raise ValueError(f'{where}: {entry} is {found!r}, where a list is expected, such as: ["a", "b"]')
    if len(set(found)) < len(found):
        raise ValueError(f"{where}: {entry} names a column twice: {', '.join(found)}")
    return tuple(found)


def _window(declared: Mapping[str, Any], where: str) -> Window | None:
    found = declared.get("window")
    if found is None:
        return None
    if "cursor" not in declared:
        raise ValueError(f"{where}: window needs a cursor, of which it is a part")
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    if isinstance(found, str) and (match := _WINDOW.fullmatch(found)):
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    raise ValueError(f'{where}: window is {found!r}, where "2 days", "6 hours" or a number is expected')
