"""What a release reads: published marts as role reporter, all in one transaction, hence of one moment.

Rows are read one month of one mart by statement, for a reader's may not take longer than a minute.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg2
import pyarrow as pa
from psycopg2 import extensions, sql

from cli.questions.arrow import copied
from cli.questions.contracts import Contract
from cli.questions.published import opened_published
from cli.questions.query import explained
from cli.releases.contents import Content
from ingestion.errors import OntimeError

PUBLISHED = """
    select relname from pg_catalog.pg_class
    where relnamespace = to_regnamespace('marts') and relkind in ('r', 'v', 'm')
"""

CHECKSUMS = """
    select data_month, row_count, checksum from marts.audit_checksums
    where mart = %s and (%s or data_month = any(%s::date[]))
"""
OF_ROWS_WITHOUT_MONTH = """
    select data_month, row_count, checksum from marts.audit_checksums
    where mart = %s and data_month is null
"""

# The view reads the marts that are named in it, and has no rows of others.
HAS_CHECKSUMS = "select pg_get_viewdef('marts.audit_checksums'::regclass) like %s"

SECONDS_FOR_ALL_MONTHS = 20
"""How long the checksums of all months of a mart may take at once; those of more are asked month by month."""

LAST_PUBLICATION = """
    select run_id, release, ended_at_utc::text as published_at_utc
    from marts.audit_runs
    where step = 'publish'
    order by step_no desc
    limit 1
"""


@dataclass(frozen=True)
class Marts:
    """Marts of one moment."""

    connection: extensions.connection
    taken_at: str
    published: frozenset[str]
    publication: dict[str, Any] | None

    def sources(self) -> set[str]:
        """The names of the sources of which anything has landed."""
        return {name for (name,) in self._rows("select distinct source from marts.audit_row_ledger")}

    def contents(self, contract: Contract, among: Sequence[date]) -> dict[date | None, Content | None]:
        """The months that the mart has rows of, all or those among some, with rows and checksum of each.

        None stands for rows without a month, all of a mart that is not by month. Of marts that are not in
        marts.audit_checksums the server computes nothing, and the content is None.
        """
        ((is_there,),) = self._rows(HAS_CHECKSUMS, [f"%'{contract.name}'::text%"])
        if not is_there:
            months = self._months(contract, among) if contract.month else [None]
            return dict.fromkeys(months)
        found = self._contents_at_once(contract.name, among)
        if found is None:
            found = {}
            for month in self._months(contract, among) if contract.month else [None]:
                query, values = (CHECKSUMS, [False, [month]]) if month else (OF_ROWS_WITHOUT_MONTH, [])
                found |= _contents(self._rows(query, [contract.name, *values]))
        return {month: found[month] for month in sorted(found, key=lambda day: day or date.min)}

    def _contents_at_once(self, mart: str, among: Sequence[date]) -> dict[date | None, Content | None] | None:
        """The same in one statement; None where that takes too long."""
        with self.connection.cursor() as cursor:
            cursor.execute("savepoint before_all_months")
            try:
                cursor.execute(f"set local statement_timeout = '{SECONDS_FOR_ALL_MONTHS}s'")
                cursor.execute(CHECKSUMS, [mart, not among, list(among)])
                return _contents(cursor.fetchall())
            except psycopg2.errors.QueryCanceled:
                return None
            finally:  # the timeout goes with it
                cursor.execute("rollback to savepoint before_all_months")

    def _months(self, contract: Contract, among: Sequence[date]) -> list[date | None]:
        month, mart = sql.Identifier(contract.month), sql.Identifier("marts", contract.name)
        query = sql.SQL("select distinct {} from {} where {} or {} = any({}::date[])").format(
            month, mart, sql.Literal(not among), month, sql.Literal(list(among))
        )
        return [found for (found,) in self._rows(query)]

    def batches(
        self, contract: Contract, month: date | None, is_whole: bool, schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a month, or of all, in the order of the key. Raises OntimeError."""
        condition: sql.Composable = sql.SQL("true")
        if not is_whole:
            name, day = sql.Identifier(contract.month), sql.Literal(month)
            condition = (
                sql.SQL("{} is not distinct from {}").format(name, day)
                if month is None
                else (sql.SQL("{} = {}").format(name, day))
            )
        texts = {column.name for column in contract.columns if column.data_type == "text"}
        order = [
            sql.SQL('{} collate "C"' if name in texts else "{}").format(sql.Identifier(name))
            for name in contract.key
        ]
        query = sql.SQL("select {} from {} where {} order by {}").format(
            sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.columns),
            sql.Identifier("marts", contract.name),
            condition,
            sql.SQL(", ").join(order),
        )
        try:
            yield from copied(self.connection, query, schema)
        except psycopg2.Error as error:
            raise _said(error, contract.name) from None
        except pa.ArrowInvalid as error:
            raise OntimeError(
                f"marts.{contract.name} has a value that its contract does not allow: {error}",
                "build the marts as they are described, ontime build, and export again",
            ) from None

    def _rows(self, query: str | sql.Composable, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(query, list(values))
                return list(cursor.fetchall())
            except psycopg2.Error as error:
                raise _said(error, "") from None


def _said(error: psycopg2.Error, mart: str) -> OntimeError:
    if isinstance(error, psycopg2.errors.QueryCanceled):
        where = f"marts.{mart}: " if mart else ""
        return OntimeError(
            f"{where}{error.diag.message_primary}", "name months with --months, or marts with --marts"
        )
    return explained(error, "")


def _contents(rows: Sequence[tuple[Any, ...]]) -> dict[date | None, Content | None]:
    return {month: Content(int(rows), int(checksum)) for month, rows, checksum in rows}


@contextmanager
def opened_marts() -> Iterator[Marts]:
    """Marts as they are now, whatever is published meanwhile. Raises OntimeError."""
    with opened_published() as opened:
        with opened.cursor() as cursor:
            cursor.execute("set local jit = off")  # to compile a statement of a month takes longer than it
            cursor.execute("select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
            ((taken_at,),) = cursor.fetchall()
            cursor.execute(PUBLISHED)
            published = frozenset(name for (name,) in cursor.fetchall())
            cursor.execute(LAST_PUBLICATION)
            names = [column.name for column in cursor.description or ()]
            last = cursor.fetchone()
        yield Marts(opened, taken_at, published, dict(zip(names, last, strict=True)) if last else None)
