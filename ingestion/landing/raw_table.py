"""The table that the files of one dataset land in, all text, with the index that finds the rows of a file."""

from collections.abc import Sequence

from psycopg2 import sql

from ingestion.database import Connection, listed
from ingestion.source import FILE_NO, LINEAGE

_STATISTICS_TARGET = 10  # of 3,000 rows; with the usual 100 analyze reads ten times as many


class RawTable:
    """One table of a raw schema, on a connection in autocommit."""

    def __init__(self, connection: Connection, schema: str, dataset: str) -> None:
        self._connection = connection
        self._table = sql.Identifier(schema, dataset)
        self._index = sql.Identifier(f"{dataset}__{FILE_NO}")
        self._index_path = sql.Identifier(schema, f"{dataset}__{FILE_NO}").as_string(connection)

    def make(self, columns: Sequence[str]) -> None:
        """Makes table and index.

        dlt would make only the tables whose files it sees, and the models read all tables of a source. It
        adds the columns that a file has on top.
        """
        lineage = [sql.SQL("{} integer not null").format(sql.Identifier(name)) for name in LINEAGE]
        texts = [sql.SQL("{} text").format(sql.Identifier(name)) for name in columns]
        make_table = sql.SQL("create table {} ({})").format(self._table, sql.SQL(", ").join(lineage + texts))
        make_index = sql.SQL("create index {} on {} using brin ({})").format(
            self._index, self._table, sql.Identifier(FILE_NO)
        )
        self._execute(sql.SQL("; ").join([make_table, make_index]))  # both or none

    def add(self, columns: Sequence[str]) -> None:
        """Adds columns to the table, which is there."""
        texts = [sql.SQL("add column {} text").format(sql.Identifier(name)) for name in columns]
        self._execute(sql.SQL("alter table {} {}").format(self._table, sql.SQL(", ").join(texts)))

    def drop_if_empty(self) -> None:
        """Drops the table unless it has rows. Raises psycopg2.Error when a view reads it."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL("select exists (select from {})").format(self._table))
            if cursor.fetchone() == (False,):
                cursor.execute(sql.SQL("drop table {}").format(self._table))

    def prepare_reading(self) -> None:
        """Brings index and statistics up to date. Without, the planner expects no rows of a new file.

        Statistics of the lineage only: the models read the others through casts, of which Postgres keeps
        none, and those of 110 columns cost 0.2 s.
        """
        with self._connection.cursor() as cursor:
            cursor.execute("select brin_summarize_new_values(%s)", (self._index_path,))
            cursor.execute("set default_statistics_target = %s", (_STATISTICS_TARGET,))
            cursor.execute(sql.SQL("analyze {} ({})").format(self._table, listed(LINEAGE)))

    def _execute(self, statement: sql.Composed) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
