"""`ontime explain`: figures recomputed from raw are those of the marts, and a wrong one is seen."""

import csv
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cli.questions.explain import Explanation, explain
from cli.questions.explain.definitions import read_definitions
from cli.questions.explain.months import FIGURES, prove_month
from cli.questions.explain.raw.clocks import CLOCKS
from cli.questions.explain.sessions import Session, opened_session
from cli.questions.metrics import Question, read_metrics
from cli.server.connections import connection
from cli.server.process import Server
from ingestion.errors import OntimeError
from ingestion.sources import SOURCES
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.data import data
from tests.explain.cells import random_cells
from tests.explain.prove import prove
from tests.ingestion.support import query
from tests.projects import ProjectCopy
from tests.templates import new_database

FORMS = (
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip",
    "bts_ontime_2019_01_9E_allfields/sample_10rows.csv",
    "bts_custom_2021_01_03/T_ONTIME_REPORTING02.csv",
    "dataexpo_2008/allyears_tiny_1987_10.csv",
    "dataexpo_2008/flights_2008_5_3.csv.gz",
    "kaggle_2015_layout/flights_head.csv",
)
CAUSES = ("carrier", "weather", "nas", "security", "late_aircraft")


@pytest.fixture(scope="module")
def project(warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """The sample, its January restated, a March that is held, forms of BTS, and totals of two airports."""
    with new_database():
        folder = tmp_path_factory.mktemp("explain")
        copied = begin_with(SAMPLE, folder)
        copied.load(samples.write(folder / "restated.csv", _restated()))
        copied.load(samples.write(folder / "short.csv", _without_a_carrier()))
        copied.load(*(data(name) for name in FORMS), _totals(folder), source=SOURCES["bts"])
        built = copied.build()
        assert built.code == 0, built.said
        yield copied


def _restated() -> list[samples.Record]:
    """Ten flights of January come later, and of one to Atlanta the time in the air is a word."""
    records = samples.restated(1)
    next(it for it in records[50:] if it["dest"] == "ATL")["air_time"] = "soon"
    return records


def _without_a_carrier() -> list[samples.Record]:
    return [it for it in samples.flights(3) if it["carrier"] != "DL"]


def _totals(folder: Path) -> Path:
    """Delay causes as BTS publishes them: of Atlanta what the sample says, of Orlando one flight fewer."""
    rows: list[dict[str, object]] = []
    for airport, fewer in (("ATL", 0), ("MCO", 1)):
        of_pair = [it for it in samples.flights(2) if it["dest"] == airport and it["carrier"] in ("DL", "B6")]
        carrier = of_pair[0]["carrier"]
        of_pair = [it for it in of_pair if it["carrier"] == carrier]
        late = [int(it["arr_delay"]) for it in of_pair if samples.is_late(it)]
        gone = [it for it in of_pair if it["dep_time"] not in ("", "NA")]
        rows.append(
            {
                **{"year": "2013", "month": "2", "carrier": carrier, "carrier_name": carrier},
                **{"airport": airport, "airport_name": airport, "arr_flights": len(of_pair) - fewer},
                "arr_del15": len(late),
                **{f"{cause}_ct": 0 for cause in CAUSES},
                "arr_cancelled": len(of_pair) - len(gone),
                "arr_diverted": sum(it["arr_delay"] in ("", "NA") for it in gone),
                "arr_delay": sum(late),
                **{f"{cause}_delay": 0 for cause in CAUSES},
            }
        )
    path = folder / "Airline_Delay_Cause.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def session(project: ProjectCopy) -> Iterator[Session]:
    with opened_session() as opened:
        yield opened


@contextmanager
def changed(statement: str) -> Iterator[Session]:
    """A session that sees what a statement changed; nobody else does, and it is undone."""
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0, "nothing was changed"
        yield Session(cursor, cursor)
        opened.rollback()


def test_random_figures_are_the_same_from_raw(session: Session) -> None:
    """Of all forms and both releases; what cannot be recomputed says why."""
    proof = prove(session, random_cells(session, 70, seed=17))
    assert proof.different == [], proof.words
    assert proof.verdicts["equal"] >= 50, proof.words
    unknown = ("lookups say", "no list of airports states")
    assert [words for words in proof.cannot if not any(it in words for it in unknown)] == []


@pytest.mark.parametrize(
    ("month", "carrier"),
    [("2019-01", "9E"), ("2021-02", "DL"), ("1987-10", "PS"), ("2008-05", "HA"), ("2015-01", "AS")],
)
def test_each_form_is_read(session: Session, month: str, carrier: str) -> None:
    """A monthly archive, beside which an extract says nothing; a selection without arrivals; Data Expo."""
    columns = ("flights", "cancelled", "mean_dep_delay_minutes", "mean_arr_delay_minutes", "on_time_pct")
    where = {"month": month, "carrier": carrier}
    *others, said = (explain(f"agg_carrier_month.{column}", where, session) for column in columns)
    for each in (*others, said):
        assert each.recomputation.verdict == "equal", each.as_text()
    if month == "2019-01":
        assert said.value == Decimal("77.7355")
        assert {(file.dataset, file.standing) for file in said.files} == {
            ("bts.ontime_monthly", "counts"),
            ("bts.ontime_selection", "superseded"),
        }


def test_what_went_in_and_what_did_not(session: Session) -> None:
    where = {"month": "2019-01", "carrier": "9E"}
    said = explain("marts.agg_carrier_month.p90_arr_delay_minutes", where, session)
    assert said.account is not None
    assert (said.account.flights, said.account.went_in) == (4999, 4999 - 47 - 7)
    assert {left.why: left.flights for left in said.account.left_out} == {"cancelled": 47, "diverted": 7}
    ((key, cancelled),) = query(
        "select flight_key, is_cancelled from marts.fct_flights where flight_key = %s",
        said.account.left_out[0].examples[0],
    )
    assert key and cancelled
    assert "percentile" in said.additive
    # the line's own text
    line = said.examples[0]
    ((raw,),) = query(
        "select arr_delay from raw_bts.ontime_monthly where file_no = %s and record_no = %s",
        line.file_no,
        line.record_no,
    )
    assert line.values["arr_delay"] == raw


def test_the_release_before(session: Session) -> None:
    """January was restated: ten flights came later."""
    where = {"month": "2013-01"}
    said = explain("agg_month.late", where, session)
    ((then,),) = query(
        "select count(*) from marts.fct_flight_versions where flight_month = '2013-01-01' and release_no = 1 "
        "and arr_delay_minutes >= 15"
    )
    assert said.before is not None
    assert (said.before.release_no, said.before.value) == (1, then)
    assert said.value > then
    superseded = [file for file in said.files if file.standing == "superseded"]
    assert [file.records_of_group for file in superseded] == [len(samples.flights(1))]
    ((key,),) = query(
        "select flight_key from marts.fct_flight_versions where flight_month = '2013-01-01' "
        "group by 1 having max(arr_delay_minutes) - min(arr_delay_minutes) = 500 limit 1"
    )
    flight = explain("fct_flights.arr_delay_minutes", {"flight": key}, session)
    assert flight.before is not None and flight.value - flight.before.value == 500
    assert flight.recomputation.verdict == "equal"


def test_a_figure_of_before_is_explained_by_the_files_of_before(project: ProjectCopy) -> None:
    """In the first publication January was as it came, and nothing of BTS was there."""
    where = {"month": "2013-01"}
    ((late,),) = query(
        "select count(*) from marts.fct_flight_versions where flight_month = '2013-01-01' and release_no = 1 "
        "and arr_delay_minutes >= 15"
    )
    with opened_session("1") as session:
        said = [explain(subject, where, session) for subject in ("agg_month.late", "on_time_pct")]
        with pytest.raises(OntimeError, match="2019-01"):
            explain("agg_month.late", {"month": "2019-01"}, session)
    assert said[0].value == late
    assert [it.recomputation.verdict for it in said] == ["equal", "equal"]
    assert {file.standing for it in said for file in it.files} == {"counts"}
    assert [it.value for it in said] != [explain(it.subject, where).value for it in said]


def test_what_was_rejected(session: Session) -> None:
    """With the record's own text; the recomputation leaves it out by itself."""
    said = explain("flights", {"month": "2013-01"}, session)
    assert said.recomputation.verdict == "equal"
    assert said.value == len(samples.flights(1)) - 1
    (reject,) = said.rejects
    assert (reject.records, "air_time" in reject.reason, "soon" in reject.raw_text) == (1, True, True)


def test_a_file_that_is_held(session: Session) -> None:
    """Whether a file is held is decided anew from raw."""
    said = explain("agg_carrier_month.flights", {"month": "2013-03", "carrier": "UA"}, session)
    assert said.recomputation.verdict == "equal"
    assert [(file.standing, "carrier DL" in file.why) for file in said.files] == [
        ("counts", False),
        ("held", True),
    ]


def test_what_is_published(session: Session) -> None:
    def agreement(airport: str) -> tuple[str, str]:
        carrier = {"ATL": "DL", "MCO": "B6"}[airport]
        where = {"month": "2013-02", "destination": airport, "carrier": carrier}
        said = explain("flights", where, session).published
        assert said is not None
        return said.agreement, said.words

    assert agreement("ATL")[0] == "equal"
    assert agreement("MCO")[0] == "differs"
    assert "flights" in agreement("MCO")[1]
    said = explain("flights", {"month": "2013-03"}, session).published
    assert said is not None and said.agreement == "nothing loaded"


def test_clocks_in_utc(session: Session) -> None:
    """By Python's time zones; where lists of airports do not say them, or two of them differ, it says so."""
    of_sample = "select flight_key from marts.fct_flights where extract(year from flight_month) = 2013"
    keys = query(
        f"({of_sample} and is_diverted order by flight_key limit 4) union all "
        f"({of_sample} and arr_delay_minutes > 200 order by flight_key limit 4)"
    )
    assert len(keys) == 8
    for (key,) in keys:
        for column in CLOCKS:
            said = explain(f"fct_flights.{column}", {"flight": key}, session)
            assert said.recomputation.verdict == "equal", said.as_text()
    key = keys[-1][0]
    for statement, column, verdict, words in (
        (LATER.format(key=key), "scheduled_arrival_at_utc", "different", "shows"),
        (NOWHERE, "actual_departure_at_utc", "different", "null"),
        (NOWHERE, "actual_arrival_at_local", "cannot", "no list of airports"),
        (TWICE, "actual_departure_at_utc", "cannot", "do not agree"),
        (TWICE, "actual_arrival_at_utc", "equal", "the same"),  # the first such clock after either
    ):
        with changed(statement) as of_change:
            said = explain(f"fct_flights.{column}", {"flight": key}, of_change)
        assert (said.recomputation.verdict, words in said.recomputation.words) == (verdict, True), (
            said.as_text()
        )


LATER = (
    "update intermediate.int_flights__records "
    "set scheduled_arrival_at_utc = scheduled_arrival_at_utc + interval '1 day' where flight_key = '{key}'"
)
NEW_YORK = "('EWR', 'JFK', 'LGA')"
NOWHERE = f"update raw_nycflights13.airports set tzone = 'Nowhere' where faa in {NEW_YORK}"
TWICE = (
    "insert into raw_nycflights13.airports (file_no, record_no, faa, tzone) "
    "select file_no, record_no + 1000000, faa, 'America/Chicago' "
    f"from raw_nycflights13.airports where faa in {NEW_YORK}"
)


WRONG = {
    "a total of a month": (
        "update intermediate.int_performance__totals set on_time = on_time + 1 "
        "where grain = 'carrier' and carrier_code = 'DL' and flight_month = '2013-02-01'",
        ("agg_carrier_month.on_time", {"carrier": "DL", "month": "2013-02"}),
    ),
    "a percentile": (
        "update intermediate.int_performance__totals "
        "set p90_arr_delay_minutes = p90_arr_delay_minutes + 0.01 "
        "where grain = 'month' and flight_month = '2013-02-01'",
        ("agg_month.p90_arr_delay_minutes", {"month": "2013-02"}),
    ),
    "a flight that is there twice": (
        "insert into intermediate.int_flights__records select * from intermediate.int_flights__records "
        "where carrier_code = 'DL' and flight_month = '2013-02-01' and flight_key = (select min(flight_key) "
        "from marts.fct_flights where carrier_code = 'DL' and flight_month = '2013-02-01')",
        ("flights", {"carrier": "DL", "month": "2013-02"}),
    ),
    "flights that are not late": (
        "update intermediate.int_flights__records "
        "set arr_delay_minutes = arr_delay_minutes - 1, is_on_time = true "
        "where arr_delay_minutes = 15 and flight_month = '2013-02-01'",
        ("on_time_pct", {"month": "2013-02"}),
    ),
    "a line that was edited": (
        "update raw_nycflights13.flights set arr_delay = '999' where record_no = (select source_record_no "
        "from marts.fct_flights where flight_month = '2013-02-01' and arr_delay_minutes < 0 limit 1)",
        ("mean_arr_delay", {"month": "2013-02"}),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_figure_is_seen(project: ProjectCopy, session: Session, wrong: str) -> None:
    statement, (subject, where) = WRONG[wrong]
    assert explain(subject, where, session).recomputation.verdict == "equal"
    with changed(statement) as of_change:
        said = explain(subject, where, of_change)
    assert said.recomputation.verdict == "different"
    assert "DIFFERENT" in said.as_text()


def test_the_command_ends_with_1_where_a_figure_is_wrong(project: ProjectCopy) -> None:
    words = ("explain", "agg_month.flights", "--month", "2013-03")
    done = project.ontime(*words)
    assert (done.code, "DIFFERENT" in done.said) == (0, False)
    update = "update intermediate.int_performance__totals set flights = flights + %s where grain = 'month'"
    query(update, 1)
    try:
        done = project.ontime(*words)
        as_json = project.ontime(*words, "--format", "json")
    finally:
        query(update, -1)
    assert (done.code, as_json.code) == (1, 1)
    assert "DIFFERENT" in done.said
    assert json.loads(as_json.said)["recomputation"]["verdict"] == "different"


def every_kind(session: Session) -> Iterator[Explanation]:
    ((key,),) = query("select min(flight_key) from marts.fct_flights where flight_month = '2013-02-01'")
    for subject, where in (
        ("on_time_pct", {}),
        (
            "marts.agg_airport_month.on_time_rank",
            {"month": "2013-02", "airport": "ATL", "direction": "arrivals"},
        ),
        ("fct_flights.is_on_time", {"flight": key}),
        ("fct_flights.scheduled_arrival_at_utc", {"flight": key}),
        ("agg_carrier_rotation_month.legs", {"month": "2013-02", "carrier": "DL"}),
        ("dim_carriers.carrier_name", {"carrier": "DL"}),
    ):
        yield explain(subject, where, session)


def test_texts_fit_and_json_has_all(session: Session) -> None:
    for said in every_kind(session):
        text = said.as_text()
        assert max(map(len, text.splitlines())) <= 100, text
        assert json.loads(json.dumps(said.as_dict())) == said.as_dict()
        assert said.recomputation.verdict in text
        if said.recomputation.verdict == "cannot":
            assert len(said.recomputation.words) > 10
        # the definition in SQL can be asked, and gives the figure
        session.marts.execute(said.sql)
        assert session.marts.fetchone() == (said.value,)


def test_definitions_are_those_of_the_semantic_layer(project: ProjectCopy, session: Session) -> None:
    """Read without MetricFlow, they give what `ontime metrics` answers."""
    defined = read_metrics(project.folder)
    metrics = read_definitions(project.folder).metrics
    assert set(metrics) == set(defined.descriptions)
    session.marts.execute(defined.sql(Question(tuple(metrics), where="carrier = '9E'", months=("2019-01",))))
    answered = dict(zip(metrics, session.marts.fetchall()[0], strict=True))
    own = {name: explain(name, {"carrier": "9E", "month": "2019-01"}, session).value for name in metrics}
    assert own == answered


@pytest.mark.parametrize(
    ("subject", "where", "message"),
    [
        ("on_tim_pct", {}, "on_time_pct"),
        ("agg_carier_month.flights", {}, "agg_carrier_month"),
        ("agg_carrier_month.flihts", {}, "flights"),
        ("agg_carrier_month", {}, "which of its columns"),
        ("agg_carrier_month.flights", {"carrier": "DL"}, "flight_month is missing"),
        ("agg_carrier_month.flights", {"carrier": "DLL", "month": "2013-01"}, "DL"),
        ("agg_carrier_month.flights", {"carier": "DL", "month": "2013-01"}, "carrier"),
        ("agg_carrier_month.flights", {"carrier": "DL", "month": "2013-13"}, "2013-13"),
        ("agg_carrier_month.flights", {"carrier": "DL", "month": "2013-07"}, "2013-0"),
        ("flights", {"month": "1986-01"}, "1987-10"),
        ("flights", {"carrier": "XX"}, "no flight has carrier XX"),
        ("flights", {"manufacturer": "BOEINGG"}, "BOEING"),
        ("flights", {"scheduled_hour": "soon"}, "no whole number"),
        ("agg_airport_hour.flights", {"hour": "x", "month": "2013-01", "origin": "JFK"}, "no whole number"),
    ],
)
def test_what_is_not_there_is_named(
    session: Session, subject: str, where: dict[str, str], message: str
) -> None:
    with pytest.raises(OntimeError) as raised:
        explain(subject, where, session)
    assert message in raised.value.message + " " + raised.value.remedy
    assert max(len("error: " + raised.value.message), len("  -> " + raised.value.remedy)) <= 100


def test_all_figures_of_a_month_at_once(session: Session) -> None:
    """They are those of `explain`, one by one, and so is what is said of them; of a restated month, too."""
    for month, group, where in (
        (date(2013, 1, 1), ("UA", "EWR", None), {"carrier": "UA", "origin": "EWR"}),
        (date(2013, 2, 1), ("DL", None, "ATL"), {"carrier": "DL", "destination": "ATL"}),
        (date(2019, 1, 1), ("9E", None, None), {"carrier": "9E"}),
    ):
        proof = prove_month(session, month)
        assert (proof.refusal, proof.different) == ("", {})
        said = explain("mean_arr_delay", {**where, "month": f"{month:%Y-%m}"}, session)
        place = FIGURES.index("mean_arr_delay_minutes")
        assert proof.figures[group][place] == said.value
        assert said.account and sum(proof.left_out[group][-3:]) == said.account.flights - said.account.went_in
        assert (proof.releases, proof.files[0].standing) == (said.releases, said.files[0].standing)
        if month == date(2013, 1, 1):
            assert said.before and proof.before[group][place] == said.before.value
            assert proof.release_before == 1
        if month == date(2013, 2, 1):
            counted = explain("flights", {**where, "month": "2013-02"}, session).published
            assert counted and proof.bts[group] == f"{counted.agreement}: {counted.words}"


@pytest.mark.parametrize("wrong", ["flights that are not late", "a line that was edited"])
def test_wrong_figures_of_a_month_are_seen(session: Session, wrong: str) -> None:
    with changed(WRONG[wrong][0]) as of_change:
        proof = prove_month(of_change, date(2013, 2, 1))
    assert (None, None, None) in proof.different
    assert "mean_arr_delay_minutes" in proof.different[None, None, None]
    assert len(proof.different) < len(proof.figures), "groups without such a flight are right"


def test_what_somebody_decided_counts(project: ProjectCopy) -> None:
    """A held file that is accepted, and one that counted and is rejected: from the next build on, not before.

    Takes a build of two months.
    """
    named = "select file_no from raw_nycflights13.files where file_name = %s"
    ((short,),), ((restated,),) = query(named, "short.csv"), query(named, "restated.csv")

    def standings(month: int) -> dict[str, str]:
        """Of files, as found in raw; all figures of the month are proved with it."""
        with opened_session() as opened:
            proof = prove_month(opened, date(2013, month, 1))
            said = explain("agg_carrier_month.flights", {"month": f"2013-0{month}", "carrier": "UA"}, opened)
        assert (proof.refusal, proof.different, said.recomputation.verdict) == ("", {}, "equal")
        assert {it.standing for it in proof.files} == {it.standing for it in said.files}
        return {it.file_name: it.standing for it in proof.files}

    (sampled,) = {*standings(3)} - {"short.csv"}
    before = {
        1: {sampled: "superseded", "restated.csv": "counts"},
        3: {sampled: "counts", "short.csv": "held"},
    }
    assert {month: standings(month) for month in before} == before
    assert project.ontime("accept", str(short)).code == 0
    assert project.ontime("reject", str(restated)).code == 0
    assert {month: standings(month) for month in before} == before, "it is not built yet"
    assert project.build().code == 0
    assert standings(1) == {sampled: "counts", "restated.csv": "rejected"}
    assert standings(3) == {sampled: "superseded", "short.csv": "counts"}
    of_delta = (
        "select count(*) from marts.fct_flights where flight_month = '2013-03-01' and carrier_code = 'DL'"
    )
    assert query(of_delta) == [(0,)]
