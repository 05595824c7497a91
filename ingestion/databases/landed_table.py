"""What the warehouse has of a table that is read: its state, the columns of the last read, its keys."""

import json
from collections.abc import Iterator, Mapping
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

# Keys whose newest row came after they were last found vanished.
_ALIVE = """
select {key} from (select {key}, max(file_no) as file_no from {landed} group by {key}) as newest
where not exists (select from {vanished} as gone where {gone_is_newest} and gone.file_no > newest.file_no)
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
        }

    def state(self) -> int:
        """The newest file that changed the table, 0 when none did."""
        return self._ledger.newest([name for name in (self._table.name, self._table.vanished) if name])

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
