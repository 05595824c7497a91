"""What the warehouse has of a table that is read: its state, the columns of the last read, its keys."""

import csv
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import IO, Any, cast

from psycopg2 import sql

from ingestion.database import Connection, equal, listed
from ingestion.landing.ledger import Ledger
from ingestion.request_text import decode
from ingestion.sources.databases import Table, raw_names

Types = Mapping[str, str | None]
"""The types of a source's columns by name, as its server calls them; None for a column that is not read."""

Key = tuple[str, ...]

ROW_SECURITY = "row_security"
"""The field of a request that says that row-level security decided which rows were seen."""

# Keys whose newest row came after they were last found vanished.
_ALIVE = """
select {key} from (select {key}, max(file_no) as file_no from {landed} group by {key}) as newest
where not exists (select from {vanished} as gone where {gone_is_newest} and gone.file_no > newest.file_no)
"""

# How many of those had landed with a file, or before it; where nothing is marked, all keys count.
_KNOWN = """
select count(*) from ({alive}) as alive
where exists (select from {landed} as before where {before_is_alive} and before.file_no <= {file_no})
"""
_KNOWN_UNMARKED = """
select count(*) from (select distinct {key} from {landed} where file_no <= {file_no}) as known
"""
_CUT = 1 << 16  # bytes of a reject in which its key stands; all of it may be too much for memory
_REJECTED = """
select substring(rejects.original for {cut}), files.columns from {rejects} as rejects
inner join {files} as files on files.file_no = rejects.file_no
where files.dataset = {dataset} and files.columns is not null
order by rejects.file_no desc, rejects.record_no
"""


class LandedTable:
    """One table of the raw schema. `connection` is in autocommit, and its session holds the schema's lock."""

    def __init__(self, connection: Connection, schema: str, table: Table) -> None:
        self._connection = connection
        self._ledger = Ledger(connection, schema)
        self._table = table
        key, landed = raw_names(table.key), sql.Identifier(schema, table.name)
        self._names: dict[str, sql.Composable] = {
            "landed": landed,
            "landed_as_text": sql.Literal(landed.as_string(connection)),
            "vanished": sql.Identifier(schema, table.vanished or ""),
            "key": listed(key),
            "key_columns": sql.SQL(", ").join(
                sql.SQL("{} text").format(sql.Identifier(name)) for name in key
            ),
            "gone_is_newest": equal(key, "gone", "newest"),
            "before_is_alive": equal(key, "before", "alive"),
            "files": sql.Identifier(schema, "files"),
            "rejects": sql.Identifier(schema, "rejects"),
            "dataset": sql.Literal(table.name),
        }

    def state(self) -> int:
        """The newest file that changed the table, 0 when none did."""
        return self._ledger.newest([name for name in (self._table.name, self._table.vanished) if name])

    def is_known_to_hide_rows(self) -> bool:
        """Whether row-level security was active when the table last changed here, and nobody minded."""
        request = self._ledger.request_of(self.state())
        return request is not None and ROW_SECURITY in decode(request)

    def until(self) -> str | None:
        """The greatest value of the cursor at the last read, None before the first."""
        request = self._ledger.last_request(self._table.name, "until")
        return None if request is None else decode(request)["until"]

    def types(self) -> Types | None:
        """The columns of the source when it was last read, None before the first read."""
        ((found,),) = self._run("select obj_description({landed_as_text}::regclass, 'pg_class')")
        try:
            return None if found is None else json.loads(found)
        except ValueError:  # somebody has commented on the table
            return None

    def note_types(self, types: Types) -> None:
        """Notes the columns of the source, as the comment of the table."""
        text = sql.Literal(json.dumps(types, ensure_ascii=False))
        self._run("comment on table {landed} is {text}", text=text)

    def take_keys(self, lines: Iterator[bytes]) -> None:
        """Takes all keys of the source, as lines of CSV, to compare with those that landed."""
        self._run("drop table if exists source_keys; create temporary table source_keys ({key_columns})")
        with self._connection.cursor() as cursor:
            statement = "copy source_keys from stdin (format csv, encoding 'UTF8')"
            cursor.copy_expert(statement, cast(IO[bytes], _Lines(lines)))
        self._run("analyze source_keys")

    def key_of_several(self) -> tuple[str | None, ...] | None:
        """A key that several rows of the source have, or that is missing in one; None when all are sound."""
        found = self._run(
            "select {key} from source_keys group by {key} having count(*) > 1 or num_nulls({key}) > 0 limit 1"
        )
        return found[0] if found else None

    def write_gone(self, path: Path) -> int:
        """Writes the keys that we have and the source has not, as CSV with a header; returns how many."""
        gone = "{alive} except select {key} from source_keys"
        statement = f"copy ({gone}) to stdout (format csv, header, force_quote *)"
        with self._connection.cursor() as cursor, path.open("wb") as file:
            cursor.copy_expert(self._composed(statement, alive=self._composed(_ALIVE)), file)
            return cursor.rowcount

    def known(self, file_no: int) -> int:
        """How many keys count that had landed with this file at the latest."""
        upto = sql.Literal(file_no)
        if self._table.marks_vanished:
            ((count,),) = self._run(_KNOWN, alive=self._composed(_ALIVE), file_no=upto)
        else:
            ((count,),) = self._run(_KNOWN_UNMARKED, file_no=upto)
        return int(count)

    def rows_of_last_read(self) -> int:
        """How many rows the source had when the table was last read as a whole, 0 before."""
        return self._ledger.rows_seen(self.state())

    def rejected_keys(self) -> list[Key]:
        """The keys of rows that could not land, each once; what is no sound key itself is left out."""
        rejected = self._run(_REJECTED, cut=sql.Literal(_CUT))
        keys = dict.fromkeys(self._key_of(bytes(original), columns) for original, columns in rejected)
        return [key for key in keys if key is not None]

    def _key_of(self, original: bytes, columns: str) -> Key | None:
        fields = next(csv.reader(StringIO(original.decode(errors="replace"), newline="")))
        if len(original) == _CUT:
            fields.pop()  # may be half a value
        named = dict(zip(columns.split(","), fields, strict=False))
        key = tuple(named.get(name, "") for name in raw_names(self._table.key))
        is_sound = all(value and value.isprintable() and "\ufffd" not in value for value in key)
        return key if is_sound else None

    def lacking(self, at_most: int) -> list[Key]:
        """Keys that the source has and we have not, so many at most."""
        statement = "select {key} from source_keys except {alive} limit {at_most}"
        return self._run(statement, alive=self._composed(_ALIVE), at_most=sql.Literal(at_most))

    def _composed(self, statement: str, **names: sql.Composable) -> sql.Composed:
        return sql.SQL(statement).format(**self._names, **names)

    def _run(self, statement: str, **names: sql.Composable) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(self._composed(statement, **names))
            return cursor.fetchall() if cursor.description else []


class _Lines:
    """Pieces of lines, to read from as COPY does: each as it comes, whatever its size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int = -1) -> bytes:
        return next(self._pieces, b"")
