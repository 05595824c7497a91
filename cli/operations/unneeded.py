"""What the database keeps and nobody needs: versions that no kept publication shows, and old publications.

Versions come of logic that was tried, of builds that failed, of files that were withdrawn. Needed are those
of each publication that can be asked for (macros/publish/past.sql), of what is published, of what the last
build made, and of own spaces. Nobody waits: rows are deleted, and what comes uses their room again.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from psycopg2 import errors, sql

from cli.building.build import PUBLISHING_TARGET, build_lock
from cli.questions.as_of import FORM, Publication, publications
from cli.server.connections import Connection
from ingestion.errors import LaterError

Cursor = Any

HISTORY = "intermediate"
REJECTS = "int_files__rejects"
"""The history of files that a mart shows (audit_rejects), by versions in the ledger of a publication."""

_NOT_LONG = "set local lock_timeout = '5s'"

_BOOKS = """
    select format('%I.%I', nspname, relname)
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'v') and nspname !~ '^(past|marts_as_of_[0-9]+)$' and relname in (
        'int_months__versions', 'int_files__versions', 'int_editions__versions', 'month_versions'
    )
"""
_PAST = """
    select 'past.' || quote_ident(mart || '__' || since), exists (
        select from pg_attribute
        where attrelid = to_regclass('past.' || quote_ident(mart || '__' || since)) and attname = %s
    )
    from past.tables
    where mart = %s and to_regclass('past.' || quote_ident(mart || '__' || since)) is not null
"""
# Marts that read a history other than by months or by the ledger need a pointer that is not known here.
_READ_OTHERWISE = """
    select distinct read.relname::text
    from pg_rewrite
    inner join pg_class as reader on reader.oid = pg_rewrite.ev_class
    inner join pg_depend on pg_depend.objid = pg_rewrite.oid and pg_depend.classid = 'pg_rewrite'::regclass
    inner join pg_class as read on read.oid = pg_depend.refobjid
    where read.relnamespace = 'intermediate'::regnamespace
        and reader.relnamespace::regnamespace::text ~ '^(marts|marts_as_of_[0-9]+)$'
        and read.relname <> all (%s)
"""
_BUILT = """
    select model_name, array_agg(version_id order by version_id)
    from ops.built_versions
    where to_regclass(format('intermediate.%I', model_name)) is not null
        and (model_name, version_id) not in (
            select model_name, version_id from needed where version_id is not null
        )
    group by 1 order by 1
"""
_SIZE = """
    select count(*), pg_relation_size('{table}') / greatest((
        select reltuples from pg_class where oid = '{table}'::regclass
    ), count(*), 1) * count(*)
    from {table} where {condition}
"""


@dataclass(frozen=True)
class Unneeded:
    """Rows of one table that can go. `bytes` are reckoned from the mean of its rows."""

    table: str
    rows: int
    bytes: int
    versions: Sequence[int] = ()


@dataclass(frozen=True)
class Cleaning:
    """Publications that go, with the tables, rows and schemas of views that only they show, and versions."""

    publications: Sequence[int]
    first_kept: int
    past: Sequence[Unneeded]
    tables: Sequence[Unneeded]
    forms: Sequence[str]
    versions: Sequence[Unneeded]

    @property
    def lines(self) -> Iterator[str]:
        """For people: what, how many, and how large."""
        if self.publications:
            first, last = self.publications[0], self.publications[-1]
            span = f"{first}" if first == last else f"{first} to {last}"
            rows, size = _sums([*self.past, *self.tables])
            yield f"publications {span}: {rows:,} rows, about {size:,} bytes, {len(self.forms)} sets of views"
        for model in self.versions:
            yield (
                f"versions of {model.table}: {len(model.versions):,}, {model.rows:,} rows, "
                f"about {model.bytes:,} bytes"
            )


def _sums(parts: Sequence[Unneeded]) -> tuple[int, int]:
    return sum(part.rows for part in parts), sum(part.bytes for part in parts)


def find(opened: Any, keep: int | None) -> Cleaning:
    """What nobody needs where the newest `keep` publications are kept, all of them with None."""
    known = publications(opened)
    kept = _kept(known, keep)
    first = kept[0].number if kept else 0
    with opened, opened.cursor() as cursor:
        gone = [it.number for it in known if it.number < first]
        past, tables, forms = _of_past(cursor, known, first) if gone else ([], [], [])
        return Cleaning(gone, first, past, tables, forms, list(_versions(cursor, first)))


def remove(transformer: Connection, keep: int | None, found: Cleaning) -> None:
    """Remove what was found, and nothing that is needed by then.

    Publications go in one transaction, then the versions of each model: a kill leaves the rest to the next
    time. Raises LaterError while a build runs, or while somebody reads what would be dropped.
    """
    with build_lock(transformer, PUBLISHING_TARGET) as lock, closing(transformer.connect()) as opened:
        if not lock.is_held:
            raise LaterError("a build is running, and needs what it finds", "try again later")
        found = find(opened, keep)
        with opened.cursor() as cursor:
            try:
                if found.publications:
                    _remove_past(cursor, found)
                    opened.commit()
                for model in found.versions:
                    _remove_versions(cursor, model)
                    opened.commit()
                    opened.autocommit = True
                    cursor.execute(sql.SQL("vacuum (analyze) {}").format(_history(model)))
                    opened.autocommit = False
            except errors.LockNotAvailable:
                opened.rollback()
                raise LaterError(
                    "somebody reads what would be dropped, such as a backup, or a question about the past",
                    "try again later; who it is says: ontime doctor",
                ) from None
            except errors.DependentObjectsStillExist as error:
                opened.rollback()
                raise LaterError(
                    f"somebody keeps views on a publication that would go: {error.diag.message_detail}",
                    "drop them, or keep more publications",
                ) from None


def _kept(known: Sequence[Publication], keep: int | None) -> Sequence[Publication]:
    """The newest; what was built last and what readers see stay too, where one was rolled back."""
    if keep is None or not known:
        return known
    built = max((it.number for it in known if it.rolled_back_to is None), default=known[0].number)
    first = min(known[-keep:][0].number, built, known[-1].shows)
    return [it for it in known if it.number >= first]


def _of_past(
    cursor: Cursor, known: Sequence[Publication], first: int
) -> tuple[list[Unneeded], list[Unneeded], list[str]]:
    """Rows that ended before the first publication that is kept, tables that did, and schemas of views."""
    forms = sorted({it.schema for it in known} - {it.schema for it in known if it.number >= first})
    cursor.execute(
        "select mart || '__' || since, coalesce(until <= %s, false) from past.tables order by 1", [first]
    )
    rows, tables = list[Unneeded](), list[Unneeded]()
    for name, is_over in cursor.fetchall():
        cursor.execute("select to_regclass(format('past.%%I', %s::text)) is not null", [name])
        if cursor.fetchone() != (True,):
            continue
        condition = sql.SQL("true" if is_over else "publication_ended <= {}").format(sql.Literal(first))
        part = _sized(cursor, "past", name, condition)
        if is_over:
            tables.append(part)
        elif part.rows:
            rows.append(part)
    return rows, tables, forms


def _versions(cursor: Cursor, first: int) -> Iterator[Unneeded]:
    """Of each history model, versions that nobody needs. Nothing where nothing was ever built."""
    cursor.execute(_BOOKS)
    books = [name for (name,) in cursor.fetchall()]
    if not {"intermediate.int_months__versions", "intermediate.int_files__versions"} <= set(books):
        return
    needed = [f"select model_name, version_id from {book}" for book in books]
    by_months = [f"select distinct model_name from {book}" for book in books if "int_files" not in book]
    kept = f"where coalesce(publication_ended > {first}, true)"
    untouched = set[str]()
    cursor.execute("select to_regclass('past.tables') is not null")
    if cursor.fetchone() == (True,):
        for table in _past_tables(cursor, "month_versions", "version_id"):
            needed.append(f"select model_name, version_id from {table} {kept}")
            by_months.append(f"select distinct model_name from {table}")
        try:
            needed += [
                f"select '{REJECTS}', rejects_version_id from {table} {kept}"
                for table in _past_tables(cursor, "audit_row_ledger", "rejects_version_id")
            ]
        except LookupError:  # ledgers of an older version of ontime do not say which they show
            untouched.add(REJECTS)
    cursor.execute(" union ".join(by_months))
    known_pointers = [REJECTS, *(model for (model,) in cursor.fetchall())]
    cursor.execute(_READ_OTHERWISE, [known_pointers])
    untouched |= {model for (model,) in cursor.fetchall()}
    cursor.execute(f"with needed (model_name, version_id) as ({' union '.join(needed)}) {_BUILT}")
    for model, versions in cursor.fetchall():
        if model not in untouched:
            is_of_them = sql.SQL("version_id = any({})").format(sql.Literal(versions))
            part = _sized(cursor, HISTORY, model, is_of_them)
            yield Unneeded(model, part.rows, part.bytes, versions)


def _past_tables(cursor: Cursor, mart: str, column: str) -> list[str]:
    """The tables of a mart's rows. Raises LookupError where one lacks the column."""
    cursor.execute(_PAST, [column, mart])
    tables = cursor.fetchall()
    if not all(has_column for _, has_column in tables):
        raise LookupError(column)
    return [name for name, _ in tables]


def _sized(cursor: Cursor, schema: str, name: str, condition: sql.Composable) -> Unneeded:
    table = sql.Identifier(schema, name)
    quoted = sql.SQL(table.as_string(cursor))
    cursor.execute(sql.SQL(_SIZE).format(table=quoted, condition=condition))
    rows, size = cursor.fetchone()
    return Unneeded(name, rows, int(size))


def _remove_past(cursor: Cursor, found: Cleaning) -> None:
    cursor.execute(_NOT_LONG)
    cursor.execute("delete from past.publications where publication < %s", [found.first_kept])
    for form in found.forms:
        assert form.startswith(FORM)
        cursor.execute(
            "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind = 'v'"
            " order by oid desc",
            [form],
        )
        # one by one and without cascade: a view that somebody keeps on them is not dropped with them
        for (view,) in cursor.fetchall():
            cursor.execute(sql.SQL("drop view {}").format(sql.Identifier(form, view)))
        cursor.execute(sql.SQL("drop schema if exists {}").format(sql.Identifier(form)))
    for table in found.tables:
        cursor.execute(sql.SQL("drop table {}").format(sql.Identifier("past", table.table)))
    cursor.execute("delete from past.tables where until <= %s", [found.first_kept])
    for part in found.past:
        cursor.execute(
            sql.SQL("delete from {} where publication_ended <= %s").format(
                sql.Identifier("past", part.table)
            ),
            [found.first_kept],
        )


def _remove_versions(cursor: Cursor, model: Unneeded) -> None:
    """Rows and marks in one transaction: a version that comes again is built again."""
    cursor.execute(_NOT_LONG)
    versions = list(model.versions)
    cursor.execute(sql.SQL("delete from {} where version_id = any(%s)").format(_history(model)), [versions])
    cursor.execute(
        "delete from ops.built_versions where model_name = %s and version_id = any(%s)",
        [model.table, versions],
    )


def _history(model: Unneeded) -> sql.Identifier:
    return sql.Identifier(HISTORY, model.table)
