"""`ontime rollback`: readers get what they saw in an earlier publication, in one transaction.

The past keeps the rows of tables and the definitions of views, and history all rows of all versions: so
nothing is built (macros/publish/rollback.sql). The rollback is a publication of its own, which can be asked
for and rolled back too; docs/decisions/0015-rollback.md says what the next build makes of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg2
from psycopg2 import sql

from cli.building.build import PUBLISHING_TARGET, build_lock, raise_if_stopped, use
from cli.console import some
from cli.questions.as_of import LISTING, PUBLISHED, Publication, publication_as_of, publications
from cli.runs.record import Run
from cli.server.connections import Connection, connection
from cli.server.files import Say
from cli.server.readers import watched
from ingestion.errors import LaterError, OntimeError

Cursor = Any

POINTER = "month_versions"
MOST_NAMED = 5

# Of each mart that is a table: since which publication it has its columns, in one publication and in another.
_TABLES = """
    select coalesce(one.mart, other.mart), one.since, other.since
    from (select * from past.tables where since <= %(now)s and coalesce(until > %(now)s, true)) as one
    full join (
        select * from past.tables where since <= %(then)s and coalesce(until > %(then)s, true)
    ) as other using (mart)
    order by 1
"""
_COLUMNS = """
    select attname from pg_attribute
    where attrelid = to_regclass(%s) and attnum > 0
        and attname <> all ('{publication_began,publication_ended}')
    order by attnum
"""
# What neither ended nor began in between both have; what ended and came again is in both.
_ROWS = """
    with come as (
        select {columns} from {rows}
        where publication_began <= %(then)s and publication_ended > %(then)s and publication_ended <= %(now)s
    ),
    go as (
        select {columns} from {rows}
        where publication_began > %(then)s and publication_began <= %(now)s
            and coalesce(publication_ended > %(now)s, true)
    )
    select
        (select count(*) from (select * from come except all select * from go) as it),
        (select count(*) from (select * from go except all select * from come) as it)
"""
_ALL_ROWS = """
    select count(*) from {rows} where publication_began <= %(n)s and coalesce(publication_ended > %(n)s, true)
"""
_VIEWS = """
    select relname, replace(pg_get_viewdef(pg_class.oid), nspname || '.', 'marts.')
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = %s and relkind = 'v' and relname <> all (%s)
"""
_FORM = """
    select obj_description(oid, 'pg_namespace'), array(
        select relname::text from pg_class where relnamespace = pg_namespace.oid and relkind = 'v'
    )
    from pg_namespace where nspname = %s
"""
_LOST_VERSIONS = """
    select model_name, count(*) from {form}.month_versions
    where not exists (
        select from ops.built_versions as built
        where built.model_name = month_versions.model_name and built.version_id = month_versions.version_id
    )
    group by 1 order by 1
"""
_PUBLISHED_ROWS = """
    select subject, detail from ops.runs where run_id = %s and step = 'publish' order by subject, step_no
"""


@dataclass(frozen=True)
class Rollback:
    """What a rollback would change: lines about marts, flights of months now and then, files that go."""

    now: Publication
    then: Publication
    marts: Sequence[str]
    months: dict[date, tuple[int | None, int | None]]
    files: dict[int, str]

    @property
    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"readers see {self.now}, and get {self.then}"
        yield from (f"  {line}" for line in self.marts)
        if not self.marts:
            yield "  no mart differs"
        counted = [
            f"{month:%Y-%m} ({_flights(now)} flights, then {_flights(then)})"
            for month, (now, then) in sorted(self.months.items())
        ]
        if counted:
            yield f"  months that change: {some(counted, MOST_NAMED)}"
        if self.files:
            files = [f"{no} ({name})" for no, name in self.files.items()]
            yield f"  files that count no longer: {some(files, MOST_NAMED)}"


def rollback(when: str | None, run: Run, say: Say, *, is_dry: bool) -> None:
    """Bring readers back to the publication of `when`, without it to the one before what they see now.

    Says first what changes. Raises OntimeError where there is none, where it cannot be brought back, or where
    others keep views on what would go; LaterError while a build runs. Nothing changes then.
    """
    transformer = connection("transformer")
    with build_lock(transformer, PUBLISHING_TARGET) as lock:
        if not (lock.is_held or is_dry):
            raise LaterError("a build is running, and may publish; nothing was done", "try again later")
        with closing(transformer.connect()) as opened:
            known = publications(opened)
            now, then = _chosen(when, known)
            with opened, opened.cursor() as cursor:
                _refuse_what_is_lost(cursor, then)
                for line in plan(cursor, now, then).lines:
                    say(line)
        if is_dry:
            return
        with run.step("publish"):
            _publish(then.number, transformer, say)
        with closing(transformer.connect()) as opened, opened.cursor() as cursor:
            cursor.execute(_PUBLISHED_ROWS, [run.run_id])
            for mart, change in cursor.fetchall():
                say(f"published {PUBLISHED}.{mart}: {change}")


def plan(cursor: Cursor, now: Publication, then: Publication) -> Rollback:
    """What differs between what readers see and an earlier publication; writes nothing."""
    numbers = {"now": now.number, "then": then.number}
    cursor.execute(_TABLES, numbers)
    tables = cursor.fetchall()
    lines = [line for mart, *since in tables for line in _table(cursor, mart, since, numbers)]
    lines += _views(cursor, now, then, [mart for mart, *_ in tables])
    seen = {publication: _of_publication(cursor, publication) for publication in (now, then)}
    (versions, ledger, flights), (versions_then, ledger_then, flights_then) = seen[now], seen[then]
    months = {month for month, _, _ in versions ^ versions_then}
    return Rollback(
        now,
        then,
        lines,
        {month: (flights.get(month), flights_then.get(month)) for month in months},
        {no: name for no, name in sorted(ledger.items()) if no not in ledger_then},
    )


def _chosen(when: str | None, known: Sequence[Publication]) -> tuple[Publication, Publication]:
    """What readers see, and what they are to see: the publication itself, where a rollback is named."""
    by_number = {publication.number: publication for publication in known}
    if not known:
        publication_as_of("1", [])
    now = known[-1]
    if when is None:
        earlier = [it for it in known if it.rolled_back_to is None and it.number < now.shows]
        if not earlier:
            raise OntimeError(f"there is nothing before {now} that readers could be brought back to", LISTING)
        return now, earlier[-1]
    named = publication_as_of(when, list(known))
    then = by_number.get(named.shows, named)
    if then.number == now.shows:
        raise OntimeError(f"readers see what {then} has already", LISTING)
    return now, then


def _table(
    cursor: Cursor, mart: str, columns_since: Sequence[int | None], numbers: dict[str, int]
) -> Iterator[str]:
    """What happens to a mart that is a table, if anything; it has its columns since these publications."""
    since, since_then = columns_since
    if since_then is None:
        yield f"{mart}: goes, it was not there"
        return
    rows = sql.Identifier("past", f"{mart}__{since_then}")
    if since != since_then:
        cursor.execute(sql.SQL(_ALL_ROWS).format(rows=rows), {"n": numbers["then"]})
        ((count,),) = cursor.fetchall()
        what = "comes back" if since is None else "gets the columns of then"
        yield f"{mart}: {what}, with {count:,} rows"
        return
    cursor.execute(_COLUMNS, [f"past.{mart}__{since_then}"])
    columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())
    # in either direction: forward again after a rollback, what comes began later than what goes
    first, last = sorted(numbers.values())
    cursor.execute(sql.SQL(_ROWS).format(rows=rows, columns=columns), {"then": first, "now": last})
    come, go = cursor.fetchone()
    if numbers["then"] > numbers["now"]:
        come, go = go, come
    if come or go:
        yield f"{mart}: {come:,} rows come, {go:,} go"


def _views(cursor: Cursor, now: Publication, then: Publication, tables: Sequence[str]) -> Iterator[str]:
    """What happens to marts that are views."""
    if now.since == then.since:
        return
    found = []
    for publication in (now, then):
        cursor.execute(_VIEWS, [publication.schema, list(tables)])
        found.append(dict(cursor.fetchall()))
    views, views_then = found
    for mart in sorted(views.keys() | views_then.keys()):
        if mart not in views_then:
            yield f"{mart}: the view goes, it was not there"
        elif mart not in views:
            yield f"{mart}: the view comes back"
        elif views[mart] != views_then[mart]:
            yield f"{mart}: the view is what it was"


def _of_publication(
    cursor: Cursor, publication: Publication
) -> tuple[set[tuple[date, str, int]], dict[int, str], dict[date, int]]:
    """The current versions of months, the files of the ledger, and the flights of each month."""
    cursor.execute("select set_config('ontime.publication', %s, true)", [str(publication.number)])
    form = {"form": sql.Identifier(publication.schema)}
    answers = []
    for mart, question in (
        (
            POINTER,
            "select data_month, model_name, version_id from {form}.month_versions where known_to_utc is null",
        ),
        ("audit_row_ledger", "select file_no, file_name from {form}.audit_row_ledger"),
        ("agg_month", "select flight_month, flights from {form}.agg_month"),
    ):
        cursor.execute("select to_regclass(%s) is not null", [f"{publication.schema}.{mart}"])
        if cursor.fetchone() == (True,):
            cursor.execute(sql.SQL(question).format(**form))
            answers.append(cursor.fetchall())
        else:
            answers.append([])
    versions, ledger, flights = answers
    return set(versions), dict(ledger), dict(flights)


def _refuse_what_is_lost(cursor: Cursor, then: Publication) -> None:
    """Raise OntimeError where views or rows of a publication are no longer there, with their names."""
    remedy = f"name another one: {LISTING}"
    cursor.execute(_FORM, [then.schema])
    found = cursor.fetchone()
    if found is None:
        raise OntimeError(f"the views of {then} are gone: there is no schema {then.schema}", remedy)
    named, there = found
    cursor.execute(
        "select mart, to_regclass(format('past.%%I', mart || '__' || since)) is not null from past.tables"
        " where since <= %(n)s and coalesce(until > %(n)s, true)",
        {"n": then.number},
    )
    tables = dict(cursor.fetchall())
    expected = (
        set(named.split(", ")) if named else set(tables)
    )  # of older versions of ontime no names are kept
    lost = sorted(
        (expected | tables.keys()) - set(there) | {mart for mart, is_there in tables.items() if not is_there}
    )
    if lost:
        raise OntimeError(
            f"{then} cannot be brought back, for marts of it are gone with what later code replaced: "
            f"{some(lost, MOST_NAMED)}",
            remedy,
        )
    cursor.execute("select set_config('ontime.publication', %s, true)", [str(then.number)])
    cursor.execute(sql.SQL(_LOST_VERSIONS).format(form=sql.Identifier(then.schema)))
    if missing := cursor.fetchall():
        models = some([f"{model} ({count:,} months)" for model, count in missing], MOST_NAMED)
        raise OntimeError(
            f"{then} cannot be brought back: rows of its versions are gone from {models}", remedy
        )


def _publish(number: int, transformer: Connection, say: Say) -> None:
    """Run macros/publish/rollback.sql in one transaction. Raises OntimeError with what Postgres says."""
    use(transformer)
    statements = _compiled(f"{{{{ publish_earlier_marts({number}) }}}}")
    with watched(transformer, say), closing(transformer.connect()) as opened, opened.cursor() as cursor:
        try:
            cursor.execute(statements)
            opened.commit()
        except psycopg2.Error as error:
            said = error.diag.message_primary or str(error).strip()
            raise OntimeError(
                f"nothing was rolled back: {said}", "mend that, then: ontime rollback"
            ) from None


def _compiled(macros: str) -> str:
    """What dbt makes of a text with macros. Raises OntimeError with its words where it cannot."""
    from dbt.cli.main import dbtRunner

    quietly = ("--log-level", "none", "--quiet", "--no-write-json")
    command = ("compile", "--target", PUBLISHING_TARGET, "--inline", macros)
    outcome = dbtRunner().invoke([*quietly, *command])
    raise_if_stopped(outcome)
    if outcome.exception is not None or not outcome.success:
        raise OntimeError(
            f"dbt cannot read the project: {outcome.exception}", "mend that, then: ontime rollback"
        )
    return str(outcome.result.results[0].node.compiled_code)  # type: ignore[union-attr]


def _flights(count: int | None) -> str:
    return "no" if count is None else f"{count:,}"
