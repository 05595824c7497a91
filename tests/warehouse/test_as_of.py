"""As of any date: every mart is what its readers saw, whatever was loaded, restated or changed since."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest

from cli.questions.publications import show_publications
from cli.questions.query import ask
from cli.questions.restated import ordinal, show_restated
from ingestion.errors import OntimeError
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value
from tests.past import ADDED, ADDED_COLUMN, EDITED_MEASURE, REMOVED, RETYPED_COLUMN, Story


@pytest.fixture(scope="module")
def story(database: str, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Four publications after that of the sample: loads, then changes of logic and columns, and back."""
    folder = tmp_path_factory.mktemp("past")
    story = Story(begin_with(SAMPLE, folder), folder)
    story.restate(2, late=20)
    april = story.load("flights", samples.flights(4))
    story.publish("February restated, and April")
    story.seat_aircraft_anew()
    story.rename_a_carrier()
    story.edit(*EDITED_MEASURE, *ADDED_COLUMN, *RETYPED_COLUMN)
    story.add(ADDED)
    story.publish("other aircraft and carriers, a measure edited, columns added and retyped, a mart added")
    story.take_back(*EDITED_MEASURE, *ADDED_COLUMN, *RETYPED_COLUMN)
    story.remove(REMOVED)
    story.remove("dim_trials")
    story.withdraw(april)
    story.publish("edits taken back, marts removed, April withdrawn")
    return story


def answer(statement: str, as_of: str, form: str = "csv") -> list[str]:
    out = StringIO()
    ask(statement, form, out, as_of)
    return out.getvalue().splitlines()


def test_every_mart_is_what_readers_saw(story: Story) -> None:
    """The story is one in which they differ: each publication changed what some mart says."""
    assert [seen.number for seen in story.seen] == [1, 2, 3, 4]
    for before, after in zip(story.seen, story.seen[1:], strict=False):
        changed = {mart for mart, rows in after.marts.items() if before.marts.get(mart) != rows}
        assert {"fct_flights", "month_versions", "agg_carrier_month", "audit_row_ledger"} <= changed
    assert story.seen[1].marts["dim_carriers"] != story.seen[2].marts["dim_carriers"]
    assert story.seen[2].marts.keys() - story.seen[3].marts.keys() == {REMOVED, "dim_trials"}

    assert story.differences() == []


def test_a_number_is_its_publication_and_a_day_its_end(story: Story) -> None:
    """Of the runs more was known when a publication was replaced than when somebody looked."""
    second, last = story.seen[1], story.seen[-1]
    assert set(story.different(second, "2")) <= {"audit_runs"}
    assert set(story.different(last, f"{last.at + timedelta(days=1):%Y-%m-%d}")) <= {"audit_runs"}
    assert {"fct_flights", REMOVED} <= set(story.different(second, f"{last.at:%Y-%m-%d}"))


def test_names_of_marts_in_a_statement(story: Story) -> None:
    """Written as SQL lets them be written; what is no name stays as it is."""
    statement = """
        select 'marts.agg_month' as text, "marts"."dim_carriers".carrier_name -- marts.agg_month
        from MARTS . Dim_Carriers /* marts.dim_carriers */
        inner join marts.dim_carriers as marts on marts.carrier_code = dim_carriers.carrier_code
        where marts.carrier_code = '9E' and $$marts.dim_carriers$$ like 'marts.%'
    """
    then, now = (answer(statement, publication) for publication in "24")
    assert then == ["text,carrier_name", "marts.agg_month,Endeavor Air Inc."]
    assert now == ["text,carrier_name", "marts.agg_month,Endeavor Air Inc. and Sons"]


def test_columns_and_marts_are_those_of_then(story: Story) -> None:
    assert answer("select sum(one) = count(*) as one from marts.dim_aircraft", "3") == ["one", "true"]
    with pytest.raises(OntimeError, match='column "one" does not exist') as refused:
        answer("select 1\nfrom marts.dim_aircraft where one = 1", "2")
    assert refused.value.message.endswith(
        "\n  line 2: from marts.dim_aircraft where one = 1\n"
        + " " * len("  line 2: from marts.dim_aircraft where ")
        + "^"
    )
    types = "select distinct pg_typeof(dew_point_fahrenheit) as type from marts.fct_weather_hourly"
    assert [answer(types, publication)[1] for publication in "234"] == [
        "double precision",
        "numeric",
        "double precision",
    ]
    assert answer("select months from marts.dim_trials", "3") == ["months", "4"]
    with pytest.raises(OntimeError, match=r'relation "marts.dim_trials" does not exist'):
        answer("select months from marts.dim_trials", "2")


def test_marts_of_today_that_there_were_not_yet(story: Story) -> None:
    query("set role transformer; create view marts.agg_tomorrow as select 1 as n")
    try:
        with pytest.raises(OntimeError, match=r"there was no marts.agg_tomorrow in publication 4"):
            answer("select * from marts.agg_tomorrow", "4")
    finally:
        query("drop view marts.agg_tomorrow")


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2013-01-01", "is not known: the past begins with publication 1 of "),
        ("0001-01-01", "is not known: the past begins with publication 1 of "),
        ("last week", "`last week` is no moment"),
        ("2024-02-30", "`2024-02-30` is no moment"),
        ("", "`` is no moment"),
        ("17", "there is no publication 17: they go from 1 to 4"),
        ("0", "there is no publication 0: they go from 1 to 4"),
        ("\u0663", "`\u0663` is no moment"),
        ("2024-W10-1", "`2024-W10-1` is no moment"),
        ("2024-03-01T25:00", "`2024-03-01T25:00` is no moment"),
    ],
)
def test_moments_that_cannot_be_asked(story: Story, when: str, said: str) -> None:
    with pytest.raises(OntimeError, match=re.escape(said)) as refused:
        answer("select 1", when)
    assert refused.value.remedy


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.dim_carriers",
        "insert into marts.month_versions select * from marts.month_versions",
        "with gone as (delete from marts.dim_carriers returning 1) select * from gone",
        "select 1; drop schema past cascade",
        "select * from past.dim_carriers__1",
    ],
)
def test_questions_about_the_past_write_nothing(story: Story, statement: str) -> None:
    with pytest.raises(OntimeError):
        answer(statement, "2")


def test_a_publication_that_was_cleaned_away(story: Story) -> None:
    """The first that is known is the earliest that can be asked, by its number or its day."""
    query("create table public.kept as select * from past.publications")
    query("delete from past.publications where publication < 3")
    try:
        with pytest.raises(OntimeError, match="there is no publication 2: they go from 3 to 4"):
            answer("select 1", "2")
        with pytest.raises(OntimeError, match="the past begins with publication 3"):
            answer("select 1", story.seen[1].at.isoformat())
    finally:
        query("insert into past.publications select * from public.kept where publication < 3")
        query("drop table public.kept")


def test_a_warehouse_of_which_nothing_is_known(fresh_database: str) -> None:
    with pytest.raises(OntimeError, match="of no publication is known") as refused:
        answer("select 1", "2024-03-01")
    assert "ontime build" in refused.value.remedy


def test_publications_are_listed(story: Story) -> None:
    out = StringIO()
    show_publications(20, "json", out)
    listed = json.loads(out.getvalue())
    assert [row["publication"] for row in listed] == [4, 3, 2, 1]
    assert [row["is_new_form"] for row in listed] == [True, True, False, True]
    assert "dim_trials: dropped" in listed[0]["changes"]
    assert "month_versions: " in listed[2]["changes"]
    out = StringIO()
    show_publications(20, "table", out)
    assert max(map(len, out.getvalue().splitlines())) <= 100


def test_readers_of_the_present_see_nothing_of_it(story: Story) -> None:
    """Nothing that they read depends on the past, and the past on nothing that a publication changes."""
    assert value(
        """
        with dependents as (
            select
                reader.relnamespace::regnamespace::text as reader,
                read.relnamespace::regnamespace::text as read
            from pg_depend
            inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid
            inner join pg_class as reader on reader.oid = pg_rewrite.ev_class
            inner join pg_class as read on read.oid = pg_depend.refobjid
            where pg_depend.classid = 'pg_rewrite'::regclass and pg_depend.refclassid = 'pg_class'::regclass
        )
        select count(*) filter (where reader ~ '^marts_as_of_' and read = 'past') > 0
            and count(*) filter (where reader = 'marts' and read ~ '^(past|marts_as_of_)') = 0
            and count(*) filter (where reader ~ '^(past|marts_as_of_)' and read ~ '^marts(__build)?$') = 0
        from dependents
        """
    )


def test_the_past_costs_what_publications_changed(story: Story) -> None:
    """A mart of which nothing changed has each row once, any other also those that publications deleted."""
    dates = value("select count(*) from marts.dim_dates")
    assert value("select count(*) from past.dim_dates__1") == dates
    for mart in ("month_versions", "dim_carriers"):
        kept = value(f"select count(*) from past.{mart}__1") - value(f"select count(*) from marts.{mart}")
        told = f"select detail from ops.runs where step = 'publish' and subject = '{mart}'"
        deleted = (re.search(r"(\d+) deleted", detail) for (detail,) in query(told))
        assert kept == sum(int(found[1]) for found in deleted if found)


# What releases changed


@pytest.fixture(scope="module")
def february(story: Story) -> list[dict[str, str | None]]:
    return restated("2013-02")


def restated(*months: str) -> list[dict[str, str | None]]:
    out = StringIO()
    show_restated(months, "json", out)
    rows: list[dict[str, str | None]] = json.loads(out.getvalue(), parse_float=str, parse_int=str)
    return rows


MEASURES = ("flights", "cancelled", "diverted", "on_time", "on_time_pct", "mean_arr_delay_minutes")


def cells(as_of: str) -> dict[tuple[str, str, str], Decimal]:
    """Cells of February as the marts themselves have them."""
    found = {}
    for mart, subject, measures in (
        ("agg_carrier_month", "carrier_code", (*MEASURES, "on_time_rank")),
        ("agg_airport_month", "direction || ' of ' || airport_code_iata", MEASURES),
    ):
        statement = f"select {subject} as subject, * from marts.{mart} where flight_month = '2013-02-01'"
        out = StringIO()
        ask(statement, "json", out, as_of)
        for row in json.loads(out.getvalue(), parse_float=Decimal, parse_int=Decimal):
            found.update(
                {(mart, row["subject"], name): row[name] for name in measures if row[name] is not None}
            )
    return found


def test_changed_cells_are_those_that_differ_between_publications(
    story: Story, february: list[dict[str, str | None]]
) -> None:
    """The logic is the same in both, so what differs is what the release changed: ranks as well."""
    before, now = cells("1"), cells("4")
    keys = before.keys() | now.keys()
    differing = {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}
    assert {name for _, _, name in differing} == {
        "on_time",
        "on_time_pct",
        "mean_arr_delay_minutes",
        "on_time_rank",
    }

    told = {
        (row["mart"], row["subject"], row["measure"]): (
            Decimal(row["value_before"] or ""),
            Decimal(row["value_after"] or ""),
        )
        for row in february
        if row["kind"] in ("cell", "rank")
    }
    assert told == differing


def test_flights_that_made_the_difference(story: Story, february: list[dict[str, str | None]]) -> None:
    """Twenty were restated; five are named, each with what changed about it."""
    ((changed,),) = query("select difference from marts.audit_restatements where measure = 'flights_changed'")
    assert changed == 20
    of_carriers = {
        row["subject"]: row["flights"]
        for row in february
        if row["kind"] == "cell" and len(row["subject"] or "") == 2
    }
    assert sum(int(flights or 0) for flights in of_carriers.values()) == changed
    named = [row for row in february if row["kind"] == "changed flight"]
    assert len({row["subject"] for row in named}) == 5
    delays = [row for row in named if row["measure"] == "arr_delay_minutes"]
    assert [int(row["value_after"] or 0) - int(row["value_before"] or 0) for row in delays] == [500] * 5
    assert {row["measure"] for row in named} == {"arr_delay_minutes", "actual_arrival_at_local"}


def test_ranks_are_told_in_words(story: Story, february: list[dict[str, str | None]]) -> None:
    ranks = {row["subject"]: row for row in february if row["kind"] == "rank"}
    out = StringIO()
    show_restated(("2013-02",), "table", out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("2013-02, release 2 of flights, known from ")
    assert max(map(len, lines)) <= 100
    fallen = [row for row in ranks.values() if int(row["value_before"] or 0) < int(row["value_after"] or 0)]
    assert fallen
    for row in fallen:
        places = ordinal(int(row["value_before"] or 0)), ordinal(int(row["value_after"] or 0))
        (line,) = [line for line in lines if f" {row['subject']} fell from " in line]
        assert f"from {places[0]} to {places[1]} (" in line


def test_ordinals() -> None:
    assert [ordinal(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"),
    ]


def test_all_months_in_sums_and_a_withdrawn_one(story: Story) -> None:
    """April was there in two publications, and then no file of it was left."""
    rows = restated()
    assert {row["kind"] for row in rows} == {"month"}
    assert {(row["data_month"], row["measure"]) for row in rows} >= {
        ("2013-02-01", "on_time"),
        ("2013-02-01", "flights_changed"),
        ("2013-04-01", "withdrawn"),
    }
    assert {row["data_month"] for row in rows} == {"2013-02-01", "2013-04-01"}
    assert restated("2013-01") == []


def test_months_that_are_none(story: Story) -> None:
    with pytest.raises(OntimeError, match="not a month or a range of months"):
        restated("2013-13")
