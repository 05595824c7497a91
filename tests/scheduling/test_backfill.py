"""Months that are missing: `ontime status` finds them, `ontime backfill` fills them and nothing else."""

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import Popen

import pytest

from cli.scheduling.backfill import Backfill, Plan, plan, read_backfill, run
from cli.scheduling.gaps import MOST, Month, State, as_table, expected_months, months_to_ask_for, stretches
from cli.server.process import server
from ingestion.errors import OntimeError
from ingestion.sources.bts import BTS, archives
from tests.archives import Record, archive_records, write_archive
from tests.beginnings import NOTHING, begin_with
from tests.ingestion.site import Page, Site, silence, site
from tests.ingestion.support import query
from tests.projects import PROJECT, ProjectCopy
from tests.states import History, history, rows_hash

LOADED = ("2019-01", "2019-02", "2019-06")
MISSING = ("2019-03", "2019-04", "2019-05")
FLIGHTS = 40
LOOK_BACK = ("int_rotations__", "int_features__", "int_monitoring__day_expectations")
"""Models of a month that read the one before it as well (`also_reads`): June has new versions of them."""

BACKFILLS = PROJECT / "orchestration" / "backfills"
ASKED = {
    "what": '"spring"',
    "why": '"the line broke"',
    "asked_by": '"ada@ontime.example"',
    "source": '"bts"',
    "months": '["2019-02..2019-05"]',
    "at_once": "3",
}


def of_month(month: str) -> list[Record]:
    """Flights of January 2019 as if they were of another month."""
    year, number = month.split("-")
    moved = []
    of_all_months = [record for record in archive_records() if int(record["DayofMonth"]) <= 28]
    for record in of_all_months[:FLIGHTS]:
        day = date(int(year), int(number), int(record["DayofMonth"]))
        moved.append(
            record
            | {"Year": year, "Quarter": f"{(day.month + 2) // 3}", "Month": f"{day.month}"}
            | {"DayOfWeek": f"{day.isoweekday()}", "FlightDate": f"{day}"}
        )
    return moved


def write_file(path: Path, **changed: str) -> Path:
    """A file that asks for a backfill; an empty text leaves an entry out."""
    entries = {name: text for name, text in (ASKED | changed).items() if text}
    path.write_text("".join(f"{name} = {text}\n" for name, text in entries.items()))
    return path


def said_by(process: Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def states() -> dict[str, State]:
    """The state of each month of flights."""
    return {f"{it.first_day:%Y-%m}": it.state for it in expected_months() if it.entity == "flights"}


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Three months of flights, and three between them that never came."""
    folder = tmp_path_factory.mktemp("gaps")
    project = begin_with(NOTHING, folder)
    project.load(*(write_archive(folder / f"{month}.zip", of_month(month)) for month in LOADED), source=BTS)
    built = project.build()
    assert built.code == 0, built.said
    return project


@pytest.fixture(autouse=True)
def commands_of_the_copy(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What a backfill calls is the command of the copy, too."""
    if "project" in request.fixturenames:
        monkeypatch.setenv("PYTHONPATH", str(request.getfixturevalue("project").folder))


@pytest.fixture
def bts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server in place of BTS, which has no month yet."""
    with site() as served:
        monkeypatch.setenv("ONTIME_BTS_URL", served.url("/"))
        yield served


def publish(served: Site, folder: Path, *months: str) -> None:
    for month in months:
        written = write_archive(folder / f"{month}.zip", of_month(month))
        served.pages[path_of(month)] = Page(written.read_bytes())


def path_of(month: str) -> str:
    (archive,) = archives([month])
    return "/" + str(archive.address).rpartition("/")[2]


def asked_for(served: Site) -> list[str]:
    """The months that the server was asked for."""
    months = {path_of(month): month for month in (*LOADED, *MISSING)}
    return sorted({months[asked.path] for asked in served.asked})


def test_status_shows_what_is_missing(project: ProjectCopy) -> None:
    code, said = said_by(project.start("status"))
    assert code == 0, said
    assert "2019-01..2019-06  flights       3 loaded" in said
    assert "2019-03..2019-05  flights       missing                       due 2019-07-01..2019-09-01" in said
    assert "-> flights: ontime backfill --plan" in said
    assert max(map(len, said.splitlines())) <= 100

    code, said = said_by(project.start("status", "--format", "json"))
    told = json.loads(said)
    assert (code, told["running"]) == (0, True)
    assert {it["month"]: it["state"] for it in told["months"]} == {
        **dict.fromkeys(LOADED, "loaded"),
        **dict.fromkeys(MISSING, "missing"),
    }


def test_the_plan_is_a_list_of_commands(project: ProjectCopy) -> None:
    code, said = said_by(project.start("backfill", "--plan", "--at-once", "2"))
    assert (code, said.splitlines()) == (
        0,
        [
            "ontime load bts --months 2019-03",
            "ontime load bts --months 2019-04",
            "ontime build",
            "ontime load bts --months 2019-05",
            "ontime build",
        ],
    )
    assert str(plan(Backfill(months=("2019-06",)))) == (
        "2019-06: there already; for a newer release: ontime load bts --months 2019-06"
    )


def test_a_backfill_that_is_stopped_stops_what_it_called(
    project: ProjectCopy, bts: Site, tmp_path: Path
) -> None:
    bts.faults[path_of("2019-03")] = [silence]
    process = project.start("backfill", "--file", str(write_file(tmp_path / "stopped.toml")))
    while not bts.asked:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    code, said = said_by(process)
    assert code == 143, said
    assert "to go on, repeat the same `ontime load`" in said
    assert "to go on, repeat the same `ontime backfill`" in said
    assert kept("stopped")["exit_code"] is None
    assert states() == dict.fromkeys(LOADED, "loaded") | dict.fromkeys(MISSING, "missing")


def kept(name: str) -> dict[str, object]:
    """The result of a reviewed backfill."""
    result: dict[str, object] = json.loads((server().state / "backfills" / f"{name}.json").read_text())
    return result


@pytest.fixture(scope="module")
def before(project: ProjectCopy) -> tuple[History, list[tuple[object, ...]], list[str]]:
    """What is there before anything is filled."""
    return history(), ledger(), rows_of_loaded()


def ledger() -> list[tuple[object, ...]]:
    return query("select file_no, file_id, rows_landed, received_at from raw_bts.files order by file_no")


def rows_of_loaded() -> list[str]:
    """Hashes of what marts show of the months that were there."""
    months = ", ".join(f"date '{month}-01'" for month in LOADED)
    marts = ("fct_flights", "agg_carrier_month", "agg_route_month", "agg_airport_hour")
    return [rows_hash(f"(select * from marts.{mart} where flight_month in ({months}))") for mart in marts]


def test_one_backfill_fills_the_gap_and_touches_nothing_else(
    project: ProjectCopy,
    before: tuple[History, list[tuple[object, ...]], list[str]],
    bts: Site,
    tmp_path: Path,
) -> None:
    """By one build; the order of several is that of the plan."""
    history_before, ledger_before, rows_before = before
    publish(bts, tmp_path, *MISSING)
    code, said = said_by(project.start("backfill", "--file", str(write_file(tmp_path / "spring.toml"))))
    assert code == 0, said
    assert "2019-02: there already; for a newer release: " in said
    assert "2019-03..2019-05: loaded\n" in said
    assert asked_for(bts) == [*MISSING]
    assert states() == dict.fromkeys((*LOADED, *MISSING), "loaded")
    result = kept("spring")
    assert (result["why"], result["exit_code"], result["build_exit_codes"]) == ("the line broke", 0, [0])
    assert result["months"] == [
        {"month": "2019-02", "load_exit_code": None, "state": "loaded"},
        *({"month": month, "load_exit_code": 0, "state": "loaded"} for month in MISSING),
    ]

    assert query("select flight_month::text, count(*) from marts.fct_flights group by 1 order by 1") == [
        (f"{month}-01", FLIGHTS) for month in sorted((*LOADED, *MISSING))
    ]
    assert ledger()[: len(LOADED)] == ledger_before
    assert len(ledger()) == len(LOADED) + len(MISSING)
    assert rows_of_loaded() == rows_before
    filled = {201903, 201904, 201905}
    added = history().added_since(history_before)
    assert added["int_flights__records"] == filled
    for model, slices in added.items():
        if model.startswith("int_files__"):
            assert slices == {file_no for file_no, *_ in ledger()[len(LOADED) :]}, model
        else:
            assert slices == filled or (model.startswith(LOOK_BACK) and slices == filled | {201906}), model
    assert history().rows_added_since(history_before)["int_flights__records"] == len(MISSING) * FLIGHTS


PUBLISHED = "select step_no, subject from ops.runs where step = 'publish' order by step_no"


def test_a_backfill_over_loaded_months_changes_nothing(project: ProjectCopy, bts: Site) -> None:
    landed, published = ledger(), query(PUBLISHED)
    for arguments, told in (
        (["--months", "2019-01..2019-06"], "2019-01..2019-06: there already; for a newer release: "),
        ([], "no month of flights is missing"),
    ):
        code, said = said_by(project.start("backfill", *arguments))
        assert code == 0, said
        assert told in said
    assert (ledger(), query(PUBLISHED)) == (landed, published)
    assert not bts.asked


def test_a_month_of_long_ago_fails_and_one_that_is_not_published_yet_comes_later(
    project: ProjectCopy, bts: Site
) -> None:
    """The one keeps the other not back."""
    now = f"{datetime.now(UTC):%Y-%m}"
    code, said = said_by(project.start("backfill", "--months", now))
    assert code == 75, said
    assert f"{now}: to come; the same command will get it later" in said

    code, said = said_by(project.start("backfill", "--months", "2018-12", "--months", now))
    assert code == 1, said
    assert "2018-12 is not here, and should have been before 2019-06-01: " in said
    assert f"2018-12: could not be loaded, as is said above\n{now}: to come; " in said


def test_a_held_month_waits_for_a_decision_and_is_not_asked_for() -> None:
    held = Plan(Backfill(), "flights", (), tuple(expected(date(2024, 1, 1), "held")))
    assert str(held) == "2024-01: a file of it is held; `ontime status` says how to decide on it"
    assert run(held) == 1


def test_a_source_without_months_is_refused() -> None:
    with pytest.raises(OntimeError, match="faa cannot be asked for months") as raised:
        plan(Backfill(source="faa"))
    assert "choose one of: bts, iem, " in raised.value.remedy


def test_all_reviewed_backfills_can_be_run(tmp_path: Path) -> None:
    for file in BACKFILLS.glob("*.toml"):
        read_backfill(file)
    assert {it.name for it in BACKFILLS.iterdir() if it.suffix != ".toml"} == {"README.md"}
    example = (BACKFILLS / "README.md").read_text().partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "winter.toml").write_text(example)
    winter = read_backfill(tmp_path / "winter.toml")
    assert (winter.name, winter.months, winter.at_once) == ("winter", ("2023-11..2024-02",), 2)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"why": ""}, "why is not said"),
        ({"asked_by": '" "'}, "asked_by is not said"),
        ({"months": ""}, "months are no list"),
        ({"months": '"2019-03"'}, "months are no list"),
        ({"months": '["2019-13"]'}, "2019-13: not a month or a range of months"),
        ({"months": '["2999-01"]'}, "2999-01 is in the future"),
        ({"source": '"faa"'}, "faa cannot be asked for months"),
        ({"at_once": "0"}, "at_once is no number of months"),
        ({"month": '"2019-03"'}, "there is no entry month"),
        ({"name": '"other"'}, "there is no entry name"),
        ({"what": "spring"}, "Invalid value"),
    ],
)
def test_a_file_that_asks_for_nothing_sensible(changed: dict[str, str], problem: str, tmp_path: Path) -> None:
    file = write_file(tmp_path / "wrong.toml", **changed)
    with pytest.raises(OntimeError) as raised:
        read_backfill(file)
    assert problem in raised.value.message
    assert raised.value.message.startswith(f"{file}: ")


def expected(first: date, *of_months: State, entity: str = "flights") -> list[Month]:
    """Months from the first one on, in these states."""
    months = []
    for count, state in enumerate(of_months, 12 * first.year + first.month - 1):
        day = date(count // 12, count % 12 + 1, 1)
        seen = datetime(2024, 1, 1) if state not in ("missing", "not yet") else None  # noqa: DTZ001
        months.append(Month(entity, day, state, seen, date(day.year + 1, 1, 1)))
    return months


def test_months_in_one_state_are_one_line_and_many_lines_are_cut() -> None:
    months = expected(date(2023, 11, 1), "loaded", "missing", "missing", "held", "restated")
    assert [it.name for it in stretches(months)] == ["2023-11", "2023-12..2024-01", "2024-02", "2024-03"]
    lines = as_table(months).splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["2023-11..2024-03", "flights", "1"],
        ["2023-12..2024-01", "flights", "missing"],
        ["2024-02", "flights", "held"],
        ["->", "flights:", "ontime"],
    ]
    assert as_table([]) == ""
    many: tuple[State, ...] = ("loaded", "missing") * (MOST + 2)
    assert "and 2 more: marts.audit_gaps" in as_table(expected(date(2000, 1, 1), *many))


def test_the_months_that_a_scheduler_asks_for() -> None:
    newest = date(2024, 3, 1)
    assert months_to_ask_for(newest, []) == [newest]
    history_alone = expected(date(2013, 1, 1), "loaded", "missing")
    assert months_to_ask_for(newest, history_alone) == [newest]
    followed = expected(
        date(2023, 8, 1), "missing", "missing", "loaded", "missing", "held", "loaded", "not yet"
    )
    # what is missing for more than half a year is left to a backfill, and a later month is not published yet
    missing = [date(2023, 9, 1), date(2023, 11, 1)]
    assert months_to_ask_for(date(2024, 2, 1), followed) == [*missing, date(2024, 2, 1)]
    assert months_to_ask_for(date(2024, 1, 1), followed) == [date(2023, 8, 1), *missing]
    assert months_to_ask_for(newest, expected(date(2024, 2, 1), "loaded", "restated", "not yet")) == []
    assert months_to_ask_for(newest, expected(date(2024, 3, 1), "missing", entity="weather")) == [newest]
