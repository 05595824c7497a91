"""What is in a space: its relations, and what was noted of each when it was built."""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2 import sql

from cli.building.build_state import Cursor, State, digest, published_state
from cli.development.space.books import BOOKS
from cli.development.space.names import Space, check_owner, owners
from cli.server.connections import connection
from ingestion.errors import OntimeError

NOTES = """
    create table if not exists {notes} (
        unique_id text primary key,
        relation text not null,
        logic text not null,      -- fingerprint of its code (cli/building/fingerprints.py)
        base text not null,       -- the publication that all else was read of
        months text not null,     -- as they were asked for, 2013-11..2013-12
        reads text[] not null,    -- what of the space it was made of
        seconds double precision not null,
        built_at timestamptz not null default clock_timestamp()
    )
"""


WRITE = """
    insert into {notes} (unique_id, relation, logic, base, months, reads, seconds)
    select unique_id, relation, logic, base, months, reads, seconds
    from jsonb_to_recordset(%s) as built (
        unique_id text, relation text, logic text, base text, months text, reads text[],
        seconds double precision
    )
"""
READ = """
    select
        unique_id, relation, logic, base, months, reads, seconds, built_at, to_regclass(relation) is not null
    from {notes}
"""
DEPENDENTS = """
    select distinct
        others.nspname || '.' || reader.relname as reader,
        ours.nspname || '.' || read.relname as read
    from pg_class as read
    inner join pg_namespace as ours on ours.oid = read.relnamespace
    inner join pg_depend on pg_depend.refobjid = read.oid and pg_depend.refclassid = 'pg_class'::regclass
    inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_depend.classid = 'pg_rewrite'::regclass
    inner join pg_class as reader on reader.oid = pg_rewrite.ev_class
    inner join pg_namespace as others on others.oid = reader.relnamespace
    where ours.nspname = any(%(schemas)s) and others.nspname <> all(%(schemas)s)
        and (%(relations)s::text[] is null or ours.nspname || '.' || read.relname = any(%(relations)s))
    order by 1, 2
    limit 5
"""
CONTENTS = """
    select
        nspname || '.' || relname as name,
        case relkind when 'v' then 'view' else 'table' end as kind,
        case when relkind = 'r' and reltuples >= 0 then cast(reltuples as bigint) end as row_count,
        pg_total_relation_size(pg_class.oid) as size
    from pg_class
    inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
    where nspname = any(%(schemas)s) and relkind in ('r', 'v') and relname <> all(%(copies)s)
    order by size desc, name
"""
WHOLE = """
    select count(*), cast(coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) as bigint)
    from pg_class
    inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
    where nspname = any(%s) and relkind in ('r', 'v', 'm')
"""


@dataclass(frozen=True)
class Note:
    """What was noted of a node of the space."""

    unique_id: str
    relation: str
    logic: str
    base: str
    months: str
    reads: list[str]
    seconds: float
    built_at: datetime
    is_there: bool


@dataclass(frozen=True)
class Relation:
    """A table or view of the space; `compared` says how its code stands to what is published."""

    name: str
    kind: str
    rows: int | None
    size: int
    built_at: datetime | None
    months: str
    compared: str


def make_schemas(cursor: Cursor, space: Space) -> None:
    """All of them, marked as whose they are."""
    check_owner(cursor, space)
    for schema in space.schemas:
        names = {"schema": sql.Identifier(schema), "comment": sql.Literal(space.comment)}
        cursor.execute(sql.SQL("create schema if not exists {schema}").format(**names))
        cursor.execute(sql.SQL("comment on schema {schema} is {comment}").format(**names))
    cursor.execute(sql.SQL(NOTES).format(notes=_notes(space)))


def notes(cursor: Cursor, space: Space) -> dict[str, Note]:
    """By dbt's unique id."""
    cursor.execute("select to_regclass(%s) is not null", [f"{space.schema('ops')}.built_nodes"])
    if cursor.fetchone() != (True,):
        return {}
    cursor.execute(sql.SQL(READ).format(notes=_notes(space)))
    return {row[0]: Note(*row) for row in cursor.fetchall()}


def forget(cursor: Cursor, space: Space, unique_ids: Iterable[str]) -> None:
    forgotten = sql.SQL("delete from {} where unique_id = any(%s)").format(_notes(space))
    cursor.execute(forgotten, [list(unique_ids)])


def write_notes(cursor: Cursor, space: Space, built: Iterable[Mapping[str, Any]]) -> None:
    """`built` are nodes with the columns of the notes."""
    cursor.execute(sql.SQL(WRITE).format(notes=_notes(space)), [json.dumps(list(built))])


def refuse_dependents(cursor: Cursor, space: Space, relations: Iterable[str] | None = None) -> None:
    """Raise OntimeError where views of others stand on these relations of the space, or on any of it."""
    named = None if relations is None else list(relations)
    cursor.execute(DEPENDENTS, {"schemas": space.schemas, "relations": named})
    if found := cursor.fetchall():
        others = ", ".join(f"{view} reads {read}" for view, read in found)
        raise OntimeError(
            f"views outside of your space stand on it: {others}",
            "drop them first, or let them read what is published",
        )


def contents(cursor: Cursor, space: Space) -> list[Relation]:
    """The models and seeds of the space, the largest first."""
    known = {note.relation: note for note in notes(cursor, space).values()}
    published = published_state(cursor)
    of_models = set(space.schemas) - {space.schema("ops"), space.schema("production")}
    cursor.execute(CONTENTS, {"schemas": list(of_models), "copies": list(BOOKS)})
    found = []
    for name, kind, rows, size in cursor.fetchall():
        note = known.get(name)
        built_at, months = (note.built_at, note.months) if note else (None, "")
        found.append(Relation(name, kind, rows, size, built_at, months, _compared(note, published)))
    return found


def whole_size(cursor: Cursor, space: Space) -> tuple[int, int]:
    """How many relations the schemas hold, and their bytes."""
    cursor.execute(WHOLE, [space.schemas])
    ((relations, size),) = cursor.fetchall()
    return relations, size


def drop(cursor: Cursor, space: Space) -> None:
    """Drop the schemas of the space, and nothing else. Commits nothing."""
    check_owner(cursor, space)
    refuse_dependents(cursor, space)
    for schema in owners(cursor, space):
        cursor.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


def read_space(space: Space) -> tuple[list[Relation], tuple[int, int]]:
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        check_owner(cursor, space)
        return contents(cursor, space), whole_size(cursor, space)


def _compared(note: Note | None, published: State | str) -> str:
    if note is None:
        return "of plain dbt"
    if isinstance(published, str):
        return "nothing is published"
    before = published.nodes.get(note.unique_id)
    if before is None:
        return "new"
    compared = "same code" if before.logic == note.logic else "other code"
    return compared if note.base == base_of(published) else f"{compared}; to be renewed"


def base_of(published: State) -> str:
    """What names a publication: its code, its settings and its files."""
    return digest(published.as_json())


def _notes(space: Space) -> sql.Identifier:
    return sql.Identifier(space.schema("ops"), "built_nodes")
