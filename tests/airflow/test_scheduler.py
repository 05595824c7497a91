"""A real scheduler runs `ontime_monthly` on a small warehouse, whatever happens to it meanwhile.

The months are the last that BTS can have published; a web server on loopback has them when a test says so.
"""

import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingestion.data_file import Wanted
from ingestion.sources.bts import BTS, archives
from tests.airflow.environment import need_airflow
from tests.airflow.receiver import Receiver, webhook
from tests.airflow.running import RunningAirflow, running
from tests.archives import Record, archive_records, write_archive
from tests.beginnings import NOTHING, begin_with
from tests.ingestion.site import Page, Site, site
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy
from tests.states import published, rows_hash
from tests.templates import new_database

FLIGHTS = 400
"""Of each month."""

FOLLOWER = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from orchestration.airflow.alerts import deadline
from orchestration.airflow.marts import mart

with DAG("follower", schedule=[mart("agg_carrier_month")], is_paused_upon_creation=False):
    EmptyOperator(task_id="reads_the_mart")

with DAG("late", schedule=None, deadline=deadline(0), is_paused_upon_creation=False):
    EmptyOperator(task_id="is_late")
"""

FAILING = "{{ config(enabled=true) }} select flight_month from {{ ref('agg_carrier_month') }} limit 1"


def months_ago(months: int) -> date:
    today = datetime.now(UTC).date()
    count = today.year * 12 + today.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


FIRST, SECOND, THIRD, FOURTH = (months_ago(months) for months in (2, 3, 4, 5))


def flights_of(month: date) -> list[Record]:
    """Flights of January 2019 as if they had been in another month."""
    records = [record for record in archive_records() if int(record["DayofMonth"]) <= 28][:FLIGHTS]
    for record in records:
        day = month.replace(day=int(record["DayofMonth"]))
        record |= {
            "Year": f"{day.year}",
            "Quarter": f"{(day.month - 1) // 3 + 1}",
            "Month": f"{day.month}",
            "DayOfWeek": f"{day.isoweekday()}",
            "FlightDate": f"{day}",
        }
    return records


def archive_of(month: date) -> Wanted:
    (archive,) = archives([f"{month:%Y-%m}"])
    return archive


def publish(bts: Site, folder: Path, month: date) -> None:
    """BTS publishes a month."""
    name = str(archive_of(month).address).rpartition("/")[2]
    bts.pages[f"/{name}"] = Page(write_archive(folder / name, flights_of(month)).read_bytes())


def figures(*months: date) -> dict[str, str]:
    """Hashes of what is published of these months, but for the numbers of files, which a load uses up."""
    listed = ", ".join(f"date '{month}'" for month in months)
    return {
        mart: rows_hash(f"(select * from marts.{mart} where flight_month in ({listed}))", "source_file_no")
        for mart in ("fct_flights", "agg_carrier_month", "agg_airport_month", "agg_route_month")
    }


@pytest.fixture(scope="module")
def undisturbed(warehouse_server: object, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Figures of the first three months, loaded and built in one go by the commands themselves."""
    need_airflow()
    folder = tmp_path_factory.mktemp("undisturbed")
    with new_database():
        project = begin_with(NOTHING, folder)
        months = (FIRST, SECOND, THIRD)
        project.load(
            *(write_archive(folder / f"{month}.zip", flights_of(month)) for month in months), source=BTS
        )
        built = project.build()
        assert built.code == 0, built.said
        return figures(*months)


@pytest.fixture(scope="module")
def bts(undisturbed: object) -> Iterator[Site]:
    with site() as web:
        yield web


@pytest.fixture(scope="module")
def alerts() -> Iterator[Receiver]:
    with webhook() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    need_airflow()
    return begin_with(NOTHING, tmp_path_factory.mktemp("scheduled"))


@pytest.fixture(scope="module")
def airflow(
    bts: Site, alerts: Receiver, project: ProjectCopy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAirflow]:
    dags = project.folder / "orchestration" / "airflow" / "dags"
    dags.mkdir(parents=True, exist_ok=True)
    (dags / "follower.py").write_text(FOLLOWER)
    (dags / "broken.py").write_text("from airflow.sdk import DAG\n\nDAG(")
    hook = f"http://127.0.0.1:{alerts.port}/hook"
    with running(project, ONTIME_BTS_URL=bts.url("/"), AIRFLOW_CONN_ONTIME_ALERTS=hook) as started:
        started.turn_on("ontime_monthly")
        yield started


def builds_published() -> int:
    return int(value("select count(distinct run_id) from ops.runs where step = 'publish'"))


def test_a_month_is_awaited_and_published_once(
    airflow: RunningAirflow, bts: Site, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    """Two runs of the month at once, begun before BTS has it."""
    before = builds_published()
    runs = [airflow.trigger("ontime_monthly") for _ in range(2)]
    for run in runs:
        airflow.wait_for(run, "flights", "deferred")
    airflow.until(lambda: len(bts.asked) >= 4, "it is asked for again")
    assert {asked.status for asked in bts.asked} == {404}
    assert value("select count(*) from marts.fct_flights") == 0
    publish(bts, tmp_path, FIRST)

    builds = []
    for run in runs:
        tasks = airflow.wait(run)
        flights, build, agreement = (tasks[name] for name in ("flights", "build", "agreement"))
        assert flights.tries == build.tries == agreement.tries == 1  # waiting uses up no try
        assert flights.ended and build.began and build.ended and agreement.began
        assert flights.ended <= build.began <= build.ended <= agreement.began
        builds.append((build.began, build.ended))
    (_, first_ended), (second_began, _) = sorted(builds)
    assert first_ended <= second_began
    assert builds_published() == before + 1
    assert value("select count(*) from raw_bts.files") == 1
    assert query("select flight_month, count(*) from marts.fct_flights group by 1") == [(FIRST, FLIGHTS)]
    assert airflow.import_errors() == ["broken.py"]


def test_marts_are_announced_once_with_their_rows_and_other_dags_follow(airflow: RunningAirflow) -> None:
    events = airflow.query(
        """
        select asset.uri, asset_event.extra from asset_event
        inner join asset on asset.id = asset_event.asset_id
        where asset.uri like '%/marts/fct_flights'
        """
    )
    ((uri, extra),) = events
    assert uri.startswith("postgres://127.0.0.1:")
    assert extra["rows"] == FLIGHTS
    announced = {uri.rpartition("/")[2] for (uri,) in airflow.query("select uri from asset")}
    assert announced <= {
        name for (name,) in query("select relname from pg_class where relnamespace = 'marts'::regnamespace")
    }

    airflow.until(
        lambda: airflow.query("select 1 from dag_run where dag_id = 'follower'"), "the follower ran"
    )
    assert len(airflow.query("select 1 from dag_run where dag_id = 'follower'")) == 1


def test_a_killed_task_is_tried_again_and_gives_the_same_marts(
    airflow: RunningAirflow, bts: Site, tmp_path: Path
) -> None:
    publish(bts, tmp_path, SECOND)
    before = builds_published()
    run = airflow.trigger("ontime_monthly", month=f"{SECOND:%Y-%m}")
    airflow.until(lambda: airflow.command("build"), "a build runs")
    command = airflow.command("build")
    assert command
    for process in (command.parent(), command):
        assert process
        process.send_signal(signal.SIGKILL)
    tasks = airflow.wait(run)
    assert (tasks["flights"].tries, tasks["build"].tries) == (1, 2)
    assert builds_published() == before + 1


def test_a_killed_scheduler_goes_on(
    airflow: RunningAirflow, bts: Site, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    """It alone is killed; `make airflow` ends what it left, and starts it anew."""
    publish(bts, tmp_path, THIRD)
    run = airflow.trigger("ontime_monthly", month=f"{THIRD:%Y-%m}")
    airflow.until(lambda: airflow.command("build"), "a build runs")
    scheduler = airflow.process("scheduler")
    left = scheduler.children(recursive=True)
    scheduler.kill()
    airflow.start()
    assert not [process for process in left if process.is_running()]
    tasks = airflow.wait(run)
    assert tasks["flights"].tries == 1
    assert figures(FIRST, SECOND, THIRD) == undisturbed


def test_a_failing_test_publishes_nothing_and_somebody_is_told(
    airflow: RunningAirflow, bts: Site, alerts: Receiver, project: ProjectCopy, tmp_path: Path
) -> None:
    publish(bts, tmp_path, FOURTH)
    project.write("tests/dbt/singular/agg_carrier_month__never_holds.sql", FAILING)
    before, alerts.posted[:] = published(), []
    run = airflow.trigger("ontime_monthly", month=f"{FOURTH:%Y-%m}")
    tasks = airflow.wait(run, "failed")
    assert (tasks["build"].state, tasks["build"].tries) == ("failed", 1)
    assert tasks["agreement"].state == "upstream_failed"
    assert published() == before
    (told,) = alerts.posted
    assert told["text"] == "ontime_monthly.build failed"
    assert "/dags/ontime_monthly/runs/" in told["log"]


def test_a_run_that_misses_its_deadline_is_told(airflow: RunningAirflow, alerts: Receiver) -> None:
    alerts.posted.clear()
    airflow.trigger("late")
    airflow.until(lambda: alerts.posted, "somebody is told")
    assert alerts.posted[0]["text"] == "late has not ended within 0 minutes"


def test_nothing_is_left_when_it_is_stopped(airflow: RunningAirflow) -> None:
    parts = [airflow.process(part) for part in ("api-server", "scheduler", "dag-processor", "triggerer")]
    family = [*parts, *(child for part in parts for child in part.children(recursive=True))]
    airflow.stop()
    assert len(family) > len(parts)
    assert not [process for process in family if process.is_running()]
