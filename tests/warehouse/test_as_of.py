"""As of any date: every mart is what its readers saw, whatever was loaded, restated or changed since."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest

from cli.questions.publications import show_publications
from cli.questions.query import ask
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


def test_the_past_costs_what_a_publication_changed(story: Story) -> None:
    """A mart of which nothing changed has each row once, one of which a row changed one row more."""
    dates, carriers = (value(f"select count(*) from marts.{mart}") for mart in ("dim_dates", "dim_carriers"))
    assert value("select count(*) from past.dim_dates__1") == dates
    assert value("select count(*) from past.dim_carriers__1") == carriers + 1
