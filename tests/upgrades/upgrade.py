"""A warehouse that an older commit made, opened by the project as it stands."""

import os
import re
import subprocess
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import samples
from tests.ingestion.support import query
from tests.projects import PROJECT, ProjectCopy, copy_project
from tests.servers import new_server
from tests.states import MARTS, rows_hash

MONTHS = (1, 2)
RESTATED = 2
LATE_AGAIN = 20

OF_WHEN = {"audit_seen_months", "month_versions"}
"""Marts that say when something ran or was seen: two warehouses never have them equal."""

ARRIVAL = (
    *("file_name", "received_at_utc", "first_received_at_utc", "last_received_at_utc"),
    *("last_seen_at_utc", "known_from_utc", "known_to_utc"),
)
"""Columns of when a file came and from where, which of two warehouses are never equal."""

LEDGER = "select file_no, file_id, dataset, file_name from raw_nycflights13.files order by file_no"

PLANNED = re.compile(r"would run (\d+) of (\d+) nodes")
NOTHING_NEW = "nothing new"

Contents = dict[str, str]
"""Of each mart a hash of its rows."""


@dataclass(frozen=True)
class Upgrade:
    """Nodes that the plan told of before, seconds of the build, and what does not hold."""

    runs: int
    nodes: int
    seconds: float
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Expected:
    """What a new warehouse of the same files publishes: at first, and with the month restated again."""

    first: Contents
    again: Contents


def publish_anew(folder: Path) -> Expected:
    """What the project as it stands makes of the files."""
    project, files = _today(folder), _files(folder)
    with new_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        _publish(project, files[:-1])
        first = _contents()
        _publish(project, files[-1:])
        return Expected(first, _contents())


def upgrade(commit: str, folder: Path, expected: Expected) -> Upgrade:
    """Make a warehouse with a commit and go on with it. Raises SystemExit where a command fails."""
    older, project, files = _checked_out(commit, folder), _today(folder), _files(folder)
    broken: list[str] = []
    with new_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        _publish(older, files[:-1])
        ledger = query(LEDGER)
        _run(older, "down")

        _run(project, "up")
        planned = PLANNED.search(_run(project, "build", "--plan"))
        began = time.monotonic()
        _run(project, "build")
        seconds = time.monotonic() - began
        if query(LEDGER) != ledger:
            broken.append("the ledger is another")
        broken += _differences(expected.first, "after the first build")
        if NOTHING_NEW not in _run(project, "build"):
            broken.append("a second build finds something new")
        if (said := _load(project, files[:-1])).count("already there, as file") != len(files) - 1:
            broken.append(f"what has landed lands again: {said}")
        _publish(project, files[-1:])
        broken += _differences(expected.again, "with a month restated again")
    runs, nodes = map(int, planned.groups()) if planned else (0, 0)
    return Upgrade(runs, nodes, seconds, tuple(broken))


class Older(ProjectCopy):
    """The project as a commit left it, whose command may be another module."""

    def entry_point(self) -> str:
        scripts = tomllib.loads(self.folder.joinpath("pyproject.toml").read_text())["project"]["scripts"]
        module, function = scripts["ontime"].split(":")
        return f"from {module} import {function} as main; main()"


def _checked_out(commit: str, folder: Path) -> Older:
    place = folder / "older"
    for command in (
        ("clone", "--quiet", "--shared", "--no-checkout", str(PROJECT), str(place)),
        ("-C", str(place), "checkout", "--quiet", commit),
    ):
        done = subprocess.run(["git", *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{done.stderr}\n{commit} is not in this clone: git fetch --unshallow")
    return Older(place)


def _today(folder: Path) -> ProjectCopy:
    return copy_project(folder, with_tests=True, parsed_for=None)


def _files(folder: Path) -> list[Path]:
    """Two months with their weather and what they name, one month restated; the last one once more."""
    place = folder / "files"
    place.mkdir(parents=True)
    written: Mapping[str, list[samples.Record]] = {
        **{f"flights_2013_{month}": samples.flights(month) for month in MONTHS},
        **{f"weather_2013_{month}": samples.weather(month) for month in MONTHS},
        **{name: [*samples.packaged(name)] for name in ("airlines", "airports", "planes")},
        "flights_restated": samples.restated(RESTATED),
        "flights_restated_again": samples.restated(RESTATED, LATE_AGAIN),
    }
    return [samples.write(place / f"{name}.csv", records) for name, records in written.items()]


def _publish(project: ProjectCopy, files: list[Path]) -> None:
    _run(project, "up")
    _load(project, files)
    _run(project, "build")


def _load(project: ProjectCopy, files: list[Path]) -> str:
    """One by one, so that their numbers are the same everywhere."""
    return "".join(_run(project, "load", "nycflights13", "--from", str(file)) for file in files)


def _run(project: ProjectCopy, *arguments: str) -> str:
    """What a command said. Raises SystemExit with that when it fails."""
    running = project.start(*arguments)
    said, _ = running.communicate()
    if running.returncode:
        raise SystemExit(f"ontime {' '.join(arguments)} in {project.folder} failed:\n{said}")
    return said


def _contents() -> Contents:
    return {name: rows_hash(f'marts."{name}"', *ARRIVAL) for _, name in query(MARTS) if name not in OF_WHEN}


def _differences(expected: Contents, when: str) -> list[str]:
    found = _contents()
    different = {mart for mart in expected.keys() | found.keys() if expected.get(mart) != found.get(mart)}
    return [f"{when} others are: {', '.join(sorted(different))}"] if different else []
