"""Lands of a table read what differs from the rows that are there, so that raw grows by what changed.

A read is copied into temporary tables first. What raw says now of a key is its newest row, unless the key
was found vanished since; a row that says the same stays out. Without a key the newest read counts as a whole:
an unchanged one stays out, of any other all rows land. So a value that went from A to B and back to A lands
again, which a look at the content alone would miss.

All comparing is done in Postgres by sets, and takes two missing values for equal.
"""

from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from ingestion.database import Connection, Cursor, equal, listed
from ingestion.errors import OntimeError
from ingestion.forms.planned_file import Comparison
from ingestion.source import LINEAGE

READ_ROWS = sql.Identifier("read_rows")
READ_REJECTS = sql.Identifier("read_rejects")

_LAND_BY_KEY = """
insert into {ours} ({columns})
select {columns} from {read_rows} as seen
where not exists (
    select from {ours} as known
    where {known_is_seen}
        and row({known_values}) is not distinct from row({seen_values})
        and not exists (
            select from {ours} as later
            where {later_is_known} and (later.file_no, later.record_no) > (known.file_no, known.record_no)
        )
        {and_not_vanished}
)
"""
_AND_NOT_VANISHED = """
        and not exists (
            select from {vanished} as gone where {gone_is_known} and gone.file_no > known.file_no
        )
"""

_WHOLE_DIFFERS = """
with newest as (
    select {values} from {ours}
    where file_no = (select max(file_no) from {files} where dataset = %(dataset)s)
)

select (select count(*) from {read_rows}) <> (select count(*) from newest)
    or exists (select {values} from {read_rows} except all select {values} from newest)
"""
_LAND_WHOLE = "insert into {ours} ({columns}) select {columns} from {read_rows}"

_DROP_KNOWN_REJECTS = """
delete from {read_rejects} as seen
using {rejects} as known, {files} as files
where known.original = seen.original
    and files.file_no = known.file_no
    and files.dataset = %(dataset)s
"""

_COLUMNS = """
select attname::text from pg_attribute
where attrelid = %(read_rows)s::regclass and attnum > 0 and not attisdropped
order by attnum
"""

_NO_KEY = """
select (array_agg(record_no order by record_no))[:3], {key}
from {read_rows}
group by {key}
having count(*) > 1 or num_nulls({key}) > 0
limit 1
"""


@dataclass(frozen=True)
class News:
    """How many rows of a read landed, how many of its rejects are new, and whether the table differs."""

    rows: int
    rejects: int
    differs: bool


class TableRead:
    """A read of one table, in temporary tables that end with the transaction: READ_ROWS and READ_REJECTS."""

    def __init__(self, connection: Connection, schema: str, dataset: str, comparison: Comparison) -> None:
        self._connection = connection
        self._dataset = dataset
        self._comparison = comparison
        self._names: dict[str, sql.Composable] = {
            "read_rows": READ_ROWS,
            "read_rejects": READ_REJECTS,
            "ours": sql.Identifier(schema, dataset),
            "vanished": sql.Identifier(schema, comparison.vanished or ""),
            "index": sql.Identifier(f"{dataset}__key"),
            "files": sql.Identifier(schema, "files"),
            "rejects": sql.Identifier(schema, "rejects"),
            "key": listed(comparison.key),
            "known_is_seen": equal(comparison.key, "known", "seen"),
            "later_is_known": equal(comparison.key, "later", "known"),
            "gone_is_known": equal(comparison.key, "gone", "known"),
        }
        self._run("create temporary table {read_rows} (like {ours}) on commit drop")
        self._run("create temporary table {read_rejects} (like {rejects}) on commit drop")

    def land(self, location: str) -> News:
        """Inserts the rows that differ into the table of the dataset, once all rows and rejects are read.

        What stays in READ_REJECTS are the new ones: a reject that was there before, byte for byte, is no
        news. Raises OntimeError when the key does not name each row.
        """
        self._run("analyze {read_rows}")
        self._run(_DROP_KNOWN_REJECTS)
        ((rejects,),) = self._run("select count(*) from {read_rejects}")
        columns = [name for (name,) in self._run(_COLUMNS)]
        values = [name for name in columns if name not in LINEAGE]
        self._names |= {
            "columns": listed(columns),
            "values": listed(values),
            "known_values": listed(values, "known"),
            "seen_values": listed(values, "seen"),
        }
        if self._comparison.key:
            self._check_key(location)
            rows = self._count(_LAND_BY_KEY)
            # after the rows, which costs the first read half as much; later ones find their keys with it
            self._run("create index if not exists {index} on {ours} ({key})")
            return News(rows, rejects, differs=bool(rows or rejects))
        ((differs,),) = self._run(_WHOLE_DIFFERS)
        return News(self._count(_LAND_WHOLE) if differs or rejects else 0, rejects, differs or bool(rejects))

    def _check_key(self, location: str) -> None:
        for records, *key in self._run(_NO_KEY):
            named = ", ".join(
                f"{name}={value}" for name, value in zip(self._comparison.key, key, strict=True)
            )
            raise OntimeError(
                f"{location}: the key {'is missing' if None in key else 'is not unique'}: {named} in record"
                f" {', '.join(map(str, records))} of what was read",
                "declare columns as key that tell the rows apart, or none",
            )

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, if it has any."""
        with self._connection.cursor() as cursor:
            self._execute(cursor, statement)
            return cursor.fetchall() if cursor.description else []

    def _count(self, statement: str) -> int:
        """How many rows a statement wrote."""
        with self._connection.cursor() as cursor:
            self._execute(cursor, statement)
            return cursor.rowcount

    def _execute(self, cursor: Cursor, statement: str) -> None:
        unless = sql.SQL(_AND_NOT_VANISHED if self._comparison.vanished else "").format(**self._names)
        composed = sql.SQL(statement).format(**self._names, and_not_vanished=unless)
        cursor.execute(composed, {"dataset": self._dataset, "read_rows": "read_rows"})
