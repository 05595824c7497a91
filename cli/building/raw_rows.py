"""Rows that landed and are no longer there: raw tables are compared with their ledgers where one was touched.

Loads only add rows. So Postgres' counts of deleted and updated rows, and the file that holds a table, stay as
they are; what a build saw of them it notes. A table is counted where they differ, and all with `--all`: a
hand that deletes is noticed by the next build, for one look at statistics. Only a crash forgets the counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg2.extensions
from psycopg2 import sql

from ingestion.errors import OntimeError
from ingestion.source import Source

Cursor = psycopg2.extensions.cursor

NOTES = """
    create schema if not exists ops;
    -- what the last build saw of each raw table whose rows were all there (cli/building/raw_rows.py)
    create table if not exists ops.raw_tables (relation text primary key, seen text not null)
"""

TOUCHED = """
    select relname, pg_relation_filenode(relid) || ' ' || n_tup_del || ' ' || n_tup_upd
    from pg_stat_user_tables
    where schemaname = %s
"""

DATASETS = "select distinct dataset, 'rows_landed' from {files} union all select 'rejects', 'rows_rejected'"

# Of a table that is gone all rows are missing.
COUNTED = """
    select files.file_no, files.file_name, files.request is not null, coalesce(there.rows, 0), files.{landed}
    from {files} as files
    left join (select file_no, count(*) as rows from {table} group by file_no) as there
        on there.file_no = files.file_no
    where coalesce(there.rows, 0) <> files.{landed} and {of_table}
    order by files.file_no
"""
NOTHING = "(select null::integer as file_no where false)"

MOST_NAMED = 10


@dataclass(frozen=True)
class Damage:
    """A file of which a raw table has other rows than landed. An answer cannot be landed again."""

    source: str
    relation: str
    file_no: int
    file_name: str
    is_answer: bool
    rows: int
    rows_landed: int

    def __str__(self) -> str:
        return (
            f"{self.relation} has {self.rows:,} of {self.rows_landed:,} rows"
            f" of file {self.file_no} ({self.file_name})"
        )


def damages(
    cursor: Cursor, sources: Iterable[Source], count_all: bool, *, is_noted_down: bool = True
) -> list[Damage]:
    """The files of which raw tables have other rows than the ledgers say. Notes what is sound; no commit."""
    cursor.execute("select to_regclass('ops.raw_tables') is not null")
    is_noted = cursor.fetchone() == (True,)
    noted = _noted(cursor) if is_noted else {}
    found, sound = list[Damage](), dict[str, str]()
    for source in sources:
        cursor.execute(TOUCHED, [source.raw_schema])
        tables = dict(cursor.fetchall())
        names = {"files": sql.Identifier(source.raw_schema, "files")}
        if "files" not in tables:  # nobody has loaded it, or made it yet
            continue
        cursor.execute(sql.SQL(DATASETS).format(**names))
        for table, landed in cursor.fetchall():
            relation, seen = f"{source.raw_schema}.{table}", tables.get(table, "gone")
            if seen == noted.get(relation) and not count_all:
                continue
            damaged = list(_count(cursor, source, table, landed, is_there=table in tables))
            found += damaged
            if not damaged:
                sound[relation] = seen
    if is_noted_down and sound.items() - noted.items():
        if not is_noted:
            cursor.execute(NOTES)
        for item in sound.items():
            cursor.execute(
                "insert into ops.raw_tables values (%s, %s)"
                " on conflict (relation) do update set seen = excluded.seen",
                item,
            )
    return found


def refuse_damages(found: Iterable[Damage]) -> None:
    """Raise OntimeError for files that can land again: what is built of their rest would stay wrong."""
    files = [damage for damage in found if not damage.is_answer]
    if not files:
        return
    lines = [f"\n  {damage}" for damage in files[:MOST_NAMED]]
    more = f"\n  and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
    first = files[0]
    raise OntimeError(
        f"rows that had landed are missing, or others came by hand:{''.join(lines)}{more}",
        f"land its rows anew, then build: ontime load {first.source} --repair {first.file_no}",
    )


@dataclass(frozen=True)
class InLakeAlone:
    """Files of which Postgres has no rows, `ontime load --to lake`; how many of them the marts know of."""

    files: int
    rows: int
    published: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows of {self.files} files are in the lake alone, for `ontime spark build`"

    def refusal(self) -> OntimeError:
        """Why no build here takes the place of what the cluster published."""
        return OntimeError(
            f"the published marts are of the cluster, with {self.published} files that are in the lake alone"
            " and that a build here would take from them",
            "ontime spark build && ontime spark publish; to publish without them: ontime build --all",
        )


def in_lake_alone(cursor: Cursor) -> InLakeAlone | None:
    """Of all sources, None where there is no such file."""
    cursor.execute("select schemaname from pg_tables where tablename = 'lake_files' and schemaname ~ '^raw_'")
    ledgers = [sql.Identifier(schema, "lake_files") for (schema,) in cursor.fetchall()]
    if not ledgers:
        return None
    files = sql.SQL(" union all ").join(
        sql.SQL("select file_no, rows_landed from {}").format(ledger) for ledger in ledgers
    )
    cursor.execute(sql.SQL("select count(*), coalesce(sum(rows_landed), 0) from ({}) as files").format(files))
    ((count, rows),) = cursor.fetchall()
    if not count:
        return None
    cursor.execute("select to_regclass('marts.audit_row_ledger') is not null")
    published = 0
    if cursor.fetchone() == (True,):
        known = (
            "select count(*) from marts.audit_row_ledger where file_no in (select file_no from ({}) as files)"
        )
        cursor.execute(sql.SQL(known).format(files))
        ((published,),) = cursor.fetchall()
    return InLakeAlone(count, int(rows), published)


def _noted(cursor: Cursor) -> dict[str, str]:
    cursor.execute("select relation, seen from ops.raw_tables")
    return dict(cursor.fetchall())


def _count(cursor: Cursor, source: Source, table: str, landed: str, is_there: bool) -> Iterator[Damage]:
    names = {
        "files": sql.Identifier(source.raw_schema, "files"),
        "table": sql.Identifier(source.raw_schema, table) if is_there else sql.SQL(NOTHING + " as gone"),
        "landed": sql.Identifier(landed),
        "of_table": sql.SQL("true" if table == "rejects" else "files.dataset = {}").format(
            sql.Literal(table)
        ),
    }
    cursor.execute(sql.SQL(COUNTED).format(**names))
    relation = f"{source.raw_schema}.{table}"
    for file_no, file_name, is_answer, rows, expected in cursor.fetchall():
        yield Damage(source.name, relation, file_no, file_name, is_answer, rows, expected)
