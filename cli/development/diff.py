"""`ontime diff`: the rows of a model in the own schemas against those of production, by its key.

The server compares, in one statement: no row comes here but the examples. Of history, versions that both have
under the same id are equal, and are not read.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg2

from cli.building.build_state import Cursor
from cli.console import nearest
from cli.development.diff_sql import OF_VERSION, VERSION, Columns, Sides, statement
from cli.development.space.contents import Note, notes
from cli.development.space.names import Space, own_space
from cli.questions.keys import written_keys
from cli.questions.query import answer
from cli.runs.record import Opened
from cli.server.connections import connection
from ingestion import PROJECT
from ingestion.errors import OntimeError

SCHEMAS = ("marts", "intermediate", "staging", "seeds")
"""Of production, where it is read."""

COLUMNS = """
    select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
"""
MONTH_COLUMNS = ("data_month", "flight_month", "observation_month_utc")

ARE_THERE = "select to_regclass(%s) is not null and to_regclass(%s) is not null"


class NotPublishedError(OntimeError):
    """Production has no such model to compare with."""


@dataclass(frozen=True)
class Example:
    """A row that differs: its key, and of each changed column the values before and after, as texts."""

    kind: str
    key: dict[str, str | None]
    values: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """What differs; `before` is production's relation, `after` the own one.

    Columns that have another type are compared as texts. `equal_versions` were not read; `repeated` are the
    keys that stand more than once, before and after; `months` are those that the own relation has, where it
    has some only, and `is_limited` whether only these were compared: beside what has no column of months, all
    rows of production stand.
    """

    model: str
    before: str
    after: str
    key: tuple[str, ...]
    where: str
    months: str
    is_limited: bool
    columns_added: dict[str, str]
    columns_gone: dict[str, str]
    types_changed: dict[str, tuple[str, str]]
    rows_before: int
    rows_after: int
    added: int
    gone: int
    changed: int
    changed_by_column: dict[str, int]
    repeated: tuple[int, int]
    equal_versions: int
    examples: tuple[Example, ...]

    @property
    def is_equal(self) -> bool:
        rows = self.added + self.gone + self.changed + abs(self.rows_before - self.rows_after)
        return not (rows or self.columns_added or self.columns_gone or self.types_changed)

    def as_json(self) -> str:
        return json.dumps({"is_equal": self.is_equal, **asdict(self)}, indent=2, ensure_ascii=False)


def diff(model: str, where: str = "", limit: int = 5, key: Sequence[str] = ()) -> Difference:
    """Compare; `where` is SQL over the columns of both, `limit` examples of each kind are shown.

    Raises OntimeError where there is nothing to compare, or no key to compare by.
    """
    with closing(connection("transformer").connect()) as opened:
        opened.set_session(readonly=True)
        sides = sides_of(opened, model, key)
        try:
            return compare(opened, sides, where, limit)
        except psycopg2.Error as error:
            said = error.diag.message_primary or str(error).strip()
            raise OntimeError(f"{sides.after} cannot be compared: {said}", _remedy(where)) from None


def compare(opened: Opened, sides: Sides, where: str = "", limit: int = 0) -> Difference:
    """Raises psycopg2.Error."""
    ((found,),) = answer(opened, statement(sides, where, limit)).rows
    assert found is not None
    return _told(where, sides, json.loads(found))


def sides_of(opened: Opened, model: str, key: Sequence[str] = (), *, by_all_columns: bool = False) -> Sides:
    """Where both relations are, their columns, and by what rows are paired.

    `by_all_columns` tells apart the rows of a model that states no key. Raises OntimeError.
    """
    space = own_space()
    with opened.cursor() as cursor:
        before, after = _relations(cursor, model, space.prefix)
        was, now = (_columns(cursor, relation) for relation in (before, after))
        keys = [tuple(key)] if key else written_keys(model)
        if not keys and by_all_columns:
            keys = [tuple(name for name in was if name in now)]
        if not keys:
            raise OntimeError(
                f"{model} states no key to compare rows by",
                f"name its columns: ontime diff {model} --key COLUMN,COLUMN; or state it in its YAML"
                " (primary_key, unique_combination)",
            )
        chosen = keys[0]
        for name, there in ((before, was), (after, now)):
            if lacking := [column for column in chosen if column not in there]:
                raise OntimeError(
                    f"{name} has no column {', '.join(lacking)}, which is of the key",
                    f"name another key: ontime diff {model} --key COLUMN,COLUMN",
                )
        versions = _versions(cursor, model, before, after) if VERSION in chosen else None
        noted = _noted(cursor, space, after)
    months = _months_column(noted, was, versions)
    # a space's versions bear the ids of production, whatever its code
    return Sides(model, before, after, was, now, chosen, versions, noted is None, *months)


def _relations(cursor: Cursor, model: str, prefix: str) -> tuple[str, str]:
    cursor.execute(
        "select nspname from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace"
        " where relname = %s and relkind in ('r', 'v', 'm', 'p')",
        [model],
    )
    there = {schema for (schema,) in cursor.fetchall()}
    own = next((schema for schema in SCHEMAS if f"{prefix}_{schema}" in there), None)
    published = next((schema for schema in SCHEMAS if schema in there), None)
    if own and published:
        return f"{published}.{model}", f"{prefix}_{own}.{model}"
    if own:
        raise NotPublishedError(
            f"{model} is in {prefix}_{own} alone: production has no such model to compare with",
            f'look at it: psql -c "select * from {prefix}_{own}.{model} limit 20"',
        )
    names = {path.stem for path in PROJECT.joinpath("models").rglob("*.sql")}
    names |= {path.stem for path in PROJECT.joinpath("seeds").rglob("*.csv")}
    if published or model in names:
        raise OntimeError(
            f"{model} is not built in {prefix}_*, so there is nothing to compare",
            f"build it: ontime dev build {model}",
        )
    raise OntimeError(
        f"there is no model or seed `{model}`",
        nearest(model, names) or "see what there is: dbt list --target prod",
    )


def _columns(cursor: Cursor, relation: str) -> dict[str, tuple[str, bool]]:
    """Type of each column, and whether it is never null."""
    cursor.execute(COLUMNS, [relation])
    return {name: (type_name, never_null) for name, type_name, never_null in cursor.fetchall()}


def _versions(cursor: Cursor, model: str, before: str, after: str) -> tuple[str, str] | None:
    """The relations that list the versions of a history on both sides; None of what is no history."""
    for name in OF_VERSION:
        was, now = (f"{relation.split('.')[0]}.{name}" for relation in (before, after))
        cursor.execute(ARE_THERE, [was, now])
        if cursor.fetchone() == (True,):
            cursor.execute(f"select from {was} where model_name = %s limit 1", [model])
            if cursor.rowcount:
                return was, now
    return None


def _noted(cursor: Cursor, space: Space, after: str) -> Note | None:
    """What `ontime dev build` noted of the relation; None of what plain dbt made."""
    return next((note for note in notes(cursor, space).values() if note.relation == after), None)


def _months_column(noted: Note | None, columns: Columns, versions: tuple[str, str] | None) -> tuple[str, str]:
    """The column of months and the months, where the own relation has some of them only."""
    if noted is None or not noted.months[:1].isdigit():
        return "", ""
    there = [*(("data_month",) if versions else ()), *columns]
    return next((name for name in MONTH_COLUMNS if name in there), ""), noted.months


def _remedy(where: str) -> str:
    return "mend what --where says: SQL over the columns of both" if where else "see: ontime dev status"


def _told(where: str, sides: Sides, found: dict[str, Any]) -> Difference:
    types = [{name: it[0] for name, it in columns.items()} for columns in (sides.columns, sides.new_columns)]
    old, new = types
    return Difference(
        model=sides.model,
        before=sides.before,
        after=sides.after,
        key=sides.paired_by,
        where=where,
        months=sides.months,
        is_limited=bool(sides.month_column),
        columns_added={name: new[name] for name in new if name not in old},
        columns_gone={name: old[name] for name in old if name not in new},
        types_changed={name: (old[name], new[name]) for name in old if old[name] != new.get(name, old[name])},
        rows_before=found["rows_before"],
        rows_after=found["rows_after"],
        added=found["added"],
        gone=found["gone"],
        changed=found["changed"],
        changed_by_column={
            name: count for name, count in zip(sides.compared, found["columns"], strict=True) if count
        },
        repeated=(found["repeated_before"], found["repeated_after"]),
        equal_versions=found["equal_versions"],
        examples=tuple(
            Example(it["kind"], it["key"], {name: (was, now) for name, (was, now) in it["values"].items()})
            for it in found["examples"] or ()
        ),
    )
