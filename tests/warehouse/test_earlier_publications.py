"""Earlier publications: `ontime rollback` brings readers back to them, `ontime clean` keeps what they need.

One warehouse through all of it, in the order of this file. Takes seven builds of three small months.
"""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.operations import unneeded
from cli.server.connections import connection
from cli.server.roles import connect_reporter
from ingestion.errors import LaterError
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, session, value, wait_until
from tests.past import ADDED, ADDED_COLUMN, EDITED_MEASURE, Seen, Story
from tests.states import history, rows_hash

TRIED = (
    "macros/measures/flights.sql",
    "{% macro late_minutes() %}{{ return(21) }}",
    "{% macro late_minutes() %}{{ return(33) }}",
)
"""Logic that is built once, and never published."""

BOTH = """
    select
        (select sum(flights) from marts.agg_carrier_month), (select sum(late) from marts.agg_carrier_month),
        (select count(*) from marts.fct_flights where arr_delay_minutes >= 15),
        (select count(*) from marts.audit_row_ledger)
"""

NO_SESSIONS = """
    select not exists (
        select from pg_stat_activity where datname = current_database() and usename = 'transformer'
    )
"""


@pytest.fixture(scope="module")
def story(database: str, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two publications after that of the sample: other code and columns, then a release that is bad.

    In between logic was tried that nobody published.
    """
    folder = tmp_path_factory.mktemp("rollback")
    story = Story(begin_with(SAMPLE, folder), folder)
    story.edit(*EDITED_MEASURE, *ADDED_COLUMN)
    story.add(ADDED)
    story.publish("a measure edited, a column and a mart added")
    with story.project.edited(TRIED):
        tried = story.project.build("--select", "int_performance__totals")
        assert tried.code == 0, tried.said
    story.restate(2, late=20)
    story.seat_aircraft_anew()
    story.publish("February restated, aircraft with other seats")
    return story


def seen_now(story: Story) -> Seen:
    """What a plain reader finds, without keeping it."""
    story.look("now")
    return story.seen.pop()


def is_as(story: Story, seen: Seen) -> bool:
    """Whether readers see the marts of then; of runs more is known now."""
    without = {"audit_runs"}
    now = seen_now(story).marts
    return {m: r for m, r in now.items() if m not in without} == {
        m: r for m, r in seen.marts.items() if m not in without
    }


def glance() -> list[object]:
    """What tells at little cost whether readers see something else: the pointer, a dimension, definitions."""
    definitions = query(
        "select relname, pg_get_viewdef(oid) from pg_class"
        " where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') order by 1"
    )
    return [rows_hash("marts.month_versions"), rows_hash("marts.dim_aircraft"), definitions]


@pytest.fixture(autouse=True)
def forward(story: Story) -> Iterator[None]:
    """Each test begins with what was published last."""
    yield
    last = story.seen[-1].number
    shown = "select coalesce(rolled_back_to, publication) from past.publications"
    shown += " order by publication desc limit 1"
    if value(shown) != last:
        done = story.project.ontime("rollback", "--to", str(last))
        assert done.code == 0, done.said


def test_readers_get_what_they_saw_before(story: Story) -> None:
    """Of rows, then of columns, definitions and marts as well; all of it stays to be asked for."""
    first, second, last = story.seen
    asked = story.project.ontime("rollback", "--dry-run")
    assert asked.code == 0, asked.said
    assert is_as(story, last)
    assert "readers see publication 3 of " in asked.said
    assert "month_versions: " in asked.said
    assert "2013-02 (" in asked.said
    assert "files that count no longer: " in asked.said
    assert "flights_1.csv" in asked.said

    done = story.project.ontime("rollback")
    assert done.code == 0, done.said
    told = {line.strip() for line in asked.said.splitlines() if "rows come" in line}
    assert told
    for line in told:  # what it says first is what then happens
        mart, _, counts = line.partition(": ")
        come, go = (int(word.replace(",", "")) for word in counts.split() if word[0].isdigit())
        assert f"published marts.{mart}: {come} rows inserted, {go} deleted" in done.said
    assert is_as(story, second)

    done = story.project.ontime("rollback")
    assert "dim_trials: goes" in done.said
    assert "dim_aircraft: gets the columns of then" in done.said
    assert is_as(story, first)
    assert story.differences() == []

    done = story.project.ontime("rollback", "--to", "3")
    assert done.code == 0, done.said
    assert is_as(story, last)
    assert story.differences() == []
    assert "PRIMARY KEY (tail_number)" in {
        text
        for (text,) in query(
            "select pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = 'marts.dim_aircraft'::regclass"
        )
    }
    kept = query("select rolled_back_to from past.publications order by publication desc limit 4")
    assert kept == [(3,), (1,), (2,), (None,)]
    assert query("select command, outcome from ops.runs where command like 'rollback%' order by step_no")[
        -1
    ] == ("rollback --to 3", "succeeded")
    built = story.project.build()
    assert "nothing new" in built.said


def why_plain_dbt_does_not_publish(story: Story) -> str:
    """What its gate says, without a build of everything."""
    asked = ("--quiet", "compile", "--target", "prod", "--inline", "{{ rolled_back() }}")
    outcome, said = story.project.dbt_results(*asked)
    assert outcome.success, said
    return str(outcome.result.results[0].node.compiled_code)


def test_the_next_build_publishes_nothing_of_it_again(story: Story) -> None:
    """Until somebody decides: what was wrong is rejected, and then what is right is published."""
    second = story.seen[1]
    assert story.project.ontime("rollback").code == 0
    refused = story.project.ontime("build")
    assert refused.code == 1
    assert "publication 3 was rolled back to 2" in refused.said
    files = dict(query("select file_name, file_no from raw_nycflights13.files"))
    bad, seats = (
        next(no for name, no in files.items() if name.endswith(it))
        for it in ("flights_1.csv", "planes_2.csv")
    )
    assert f"file {bad} (" in refused.said
    assert f"ontime reject {bad}" in refused.said
    assert is_as(story, second)

    planned = story.project.plan()
    assert "publication 3 was rolled back to 2" in planned.said
    assert why_plain_dbt_does_not_publish(story).startswith("publication 3 was rolled back to 2")

    for no in (bad, seats):
        assert story.project.ontime("reject", str(no)).code == 0
    built = story.project.build()
    assert built.code == 0, built.said
    assert "publication 3 was rolled back to 2: what is built now takes its place" in built.said
    story.look("February and aircraft as they were, with both files rejected")
    assert story.seen[-1].marts["agg_carrier_month"] == second.marts["agg_carrier_month"]
    assert story.seen[-1].marts["dim_aircraft"] == second.marts["dim_aircraft"]
    assert why_plain_dbt_does_not_publish(story) == ""
    assert "nothing new" in story.project.build().said
    assert story.differences() == []


def test_again_is_said_by_somebody(story: Story) -> None:
    """Also where nothing is built anew, and what stands built is what was rolled back."""
    last = story.seen[-1]
    assert story.project.ontime("rollback", "--to", "1").code == 0
    assert story.project.ontime("build").code == 1
    built = story.project.build("--again")
    assert built.code == 0, built.said
    assert "what is built now takes its place" in built.said
    assert {"int_months__versions", "month_versions"} <= built.models
    assert is_as(story, last)
    story.look("the same, published again")
    assert "nothing new" in story.project.build().said


def test_readers_see_one_or_the_other(story: Story) -> None:
    """Readers in transactions and in single statements, and one whose transaction lasts over it all."""
    done, seen, faults = threading.Event(), set[tuple[int, ...]](), list[str]()

    def read() -> None:
        with closing(connect_reporter()) as opened, opened.cursor() as cursor:
            opened.autocommit = True
            while not done.is_set():
                try:
                    cursor.execute(BOTH)
                    seen.update(cursor.fetchall())
                except Exception as error:
                    faults.append(repr(error))
                    return

    def now() -> tuple[int, ...]:
        ((found,),) = [query(BOTH)]
        return tuple(found)

    states = [now()]
    readers = [threading.Thread(target=read) for _ in range(2)]
    with closing(connect_reporter()) as long, long.cursor() as cursor:
        long.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("select count(*) from marts.month_versions")
        for reader in readers:
            reader.start()
        try:
            for to in ("3", "2", "3"):
                assert story.project.ontime("rollback", "--to", to).code == 0
                states.append(now())
        finally:
            done.set()
            for reader in readers:
                reader.join()
        cursor.execute(BOTH)
        assert cursor.fetchall() == states[:1]
    assert faults == []
    assert len(seen) >= 2
    assert seen <= set(states)


def test_killed_it_has_done_nothing_or_all(story: Story) -> None:
    """It waits for the table that it changes first, or last, and is killed there."""
    before = glance()
    for table in ("marts.audit_months", "marts.month_versions"):
        with session("postgres") as holding, holding.cursor() as cursor:
            cursor.execute(f"begin; lock table {table} in share mode")
            process = story.project.start("rollback", "--to", "2")
            wait_until(
                """
                select exists (
                    select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'earlier'
                )
                """,
                while_running=[process],
            )
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            cursor.execute("rollback")
        wait_until(NO_SESSIONS)
        assert glance() == before
        assert value("select to_regnamespace('marts__rollback') is null")
    assert story.project.ontime("rollback", "--to", "2").code == 0
    assert is_as(story, story.seen[1])


def test_while_a_build_runs_it_waits_for_another_time(story: Story) -> None:
    with session("transformer") as building, building.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('ontime'), hashtext('build prod'))")
        refused = story.project.ontime("rollback", "--to", "1")
    assert refused.code == 75
    assert "a build is running" in refused.said


@pytest.mark.parametrize(
    ("damage", "mend", "said"),
    [
        (
            "alter view marts_as_of_1.agg_month rename to gone",
            "alter view marts_as_of_1.gone rename to agg_month",
            "for marts of it are gone with what later code replaced: agg_month",
        ),
        (
            "alter table past.dim_dates__1 rename to gone",
            "alter table past.gone rename to dim_dates__1",
            "replaced: dim_dates",
        ),
        (
            "alter schema marts_as_of_1 rename to gone",
            "alter schema gone rename to marts_as_of_1",
            "there is no schema marts_as_of_1",
        ),
        (
            "create table public.kept as select * from ops.built_versions"
            " where model_name = 'int_flights__records';"
            "delete from ops.built_versions where model_name = 'int_flights__records'",
            "insert into ops.built_versions select * from public.kept; drop table public.kept",
            "rows of its versions are gone from int_flights__records (3 months)",
        ),
    ],
    ids=["a view", "rows of a table", "all views", "versions"],
)
def test_what_cannot_be_brought_back_is_refused(story: Story, damage: str, mend: str, said: str) -> None:
    before = glance()
    query(damage)
    try:
        refused = story.project.ontime("rollback", "--to", "1")
    finally:
        query(mend)
    assert refused.code == 1
    assert said in refused.said
    assert glance() == before


def test_views_of_others_are_not_broken(story: Story) -> None:
    before = glance()
    query("create schema analyst; create view analyst.ones as select one from marts.dim_aircraft")
    try:
        refused = story.project.ontime("rollback", "--to", "1")
        assert refused.code == 1
        assert "analyst.ones" in refused.said
        assert "then roll back again" in refused.said
    finally:
        query("drop schema analyst cascade")
    assert glance() == before


@pytest.mark.parametrize(
    ("to", "said"), [("99", "there is no publication 99"), ("last", "`last` is no moment")]
)
def test_publications_that_there_are_not(story: Story, to: str, said: str) -> None:
    refused = story.project.ontime("rollback", "--to", to)
    assert refused.code == 1
    assert said in refused.said


def test_what_readers_see_already(story: Story) -> None:
    refused = story.project.ontime("rollback", "--to", str(story.seen[-1].number))
    assert refused.code == 1
    assert "readers see what publication" in refused.said


# What they need, and what nobody does


def clean(story: Story, *options: str) -> str:
    done = story.project.ontime("clean", "--keep-days", "3650", *options)
    assert done.code == 0, done.said
    return done.said


def test_versions_that_no_publication_shows_go(story: Story) -> None:
    """And no others: all publications are asked again, and the next build finds what it needs."""
    before = history()
    told = clean(story, "--dry-run")
    assert history() == before
    clean(story)
    after = history()
    gone = before.versions - after.versions
    assert "int_performance__totals" in {model for model, _ in gone}
    counted = re.findall(r"would remove versions of \w+: ([\d,]+), ([\d,]+) rows", told)
    numbers = [
        sum(int(number.replace(",", "")) for number in column) for column in zip(*counted, strict=True)
    ]
    assert numbers == [len(gone), sum(before.rows.get(version, 0) for version in gone)]
    assert numbers[1] > 0
    assert after.rows == {version: count for version, count in before.rows.items() if version not in gone}

    assert story.differences() == []
    assert "nothing to remove" in clean(story)
    assert "nothing new" in story.project.build().said
    with story.project.edited(TRIED):  # what comes again is built again
        built = story.project.build("--select", "int_performance__totals")
    assert built.code == 0, built.said
    tried = {(model, version) for model, version in gone if model == "int_performance__totals"}
    assert tried & history().versions


def test_while_a_build_runs_nothing_of_it_goes(story: Story) -> None:
    """There is something: publications before the last."""
    before, known = history(), query("select publication from past.publications")
    with session("transformer") as building, building.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('ontime'), hashtext('build prod'))")
        refused = story.project.ontime("clean", "--keep", "1")
    assert refused.code == 75
    assert "a build is running" in refused.said
    assert (history(), query("select publication from past.publications")) == (before, known)


def test_who_reads_what_would_be_dropped_is_not_waited_for(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup, or a question about the past: nothing has gone then."""
    monkeypatch.setattr(unneeded, "_NOT_LONG", "set local lock_timeout = '200ms'")
    known = "select count(*) from past.publications"
    before = value(known)
    with session("postgres") as reading, reading.cursor() as cursor:
        cursor.execute("begin; set ontime.publication = 1; select count(*) from marts_as_of_1.dim_dates")
        refused = story.project.ontime("clean", "--keep", "1")
        cursor.execute("rollback")
    assert refused.code == 75
    assert "somebody reads what would be dropped" in refused.said
    assert value(known) == before


def test_what_was_built_and_what_readers_see_stay(story: Story) -> None:
    """Where one was rolled back, both can still be asked for and brought back, however few are kept."""
    last, before = story.seen[-1], story.seen[-2]
    assert story.project.ontime("rollback", "--to", str(before.number)).code == 0
    clean(story, "--dry-run", "--keep", "1")
    with closing(connection("transformer").connect()) as opened:
        assert unneeded.find(opened, 1).first_kept == before.number
    assert story.project.ontime("rollback", "--to", str(last.number)).code == 0


def test_killed_in_between_it_is_repeated(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the publications, and before the versions that only they showed; then as if it had been once."""

    def killed(*_: object) -> None:
        raise LaterError("killed", "again")

    last = story.seen[-1]
    keep = str(value("select count(*) from past.publications where publication >= %s", last.number))
    before = history().versions
    told = clean(story, "--dry-run", "--keep", keep)
    assert re.search(rf"would remove publications 1 to {last.number - 1}: [\d,]+ rows", told)
    with monkeypatch.context() as patch:
        patch.setattr(unneeded, "_remove_versions", killed)
        assert story.project.ontime("clean", "--keep", keep).code == 75
    assert value("select min(publication) from past.publications") == last.number
    assert history().versions == before
    assert "removing versions of int_performance__totals" in clean(story)
    assert history().versions < before
    story.seen[:] = [last]
    assert story.differences() == []
    assert "there is no publication 1" in story.project.ontime("rollback", "--to", "1").said
    assert value("select to_regnamespace('marts_as_of_1') is null")
    for (table,) in query(
        "select relname from pg_class where relnamespace = 'past'::regnamespace and relkind = 'r'"
        " and relname not in ('publications', 'tables')"
    ):
        assert value(f'select count(*) from past."{table}" where publication_ended <= {last.number}') == 0
    assert "nothing to remove" in clean(story, "--keep", keep)


def test_a_past_that_was_lost_begins_anew(story: Story, tmp_path: Path) -> None:
    """The forms of before are left; the next publication makes its own under the same names."""
    (form, *_) = [
        name for (name,) in query("select nspname from pg_namespace where nspname like 'marts_as_of_%'")
    ]
    query("drop schema past cascade")
    query(f"alter schema {form} rename to marts_as_of_1")
    assert value("select to_regnamespace('marts_as_of_1') is not null")
    story.rename_a_carrier()
    built = story.project.build()
    assert built.code == 0, built.said
    assert query("select publication, since from past.publications") == [(1, 1)]
    story.seen.clear()
    story.look("all that is known")
    assert story.differences() == []
