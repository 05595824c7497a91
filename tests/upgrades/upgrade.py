"""A warehouse that an older commit made, opened by the project as it stands."""

import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.server.connections import connection
from cli.server.roles import connect_reporter
from tests import samples
from tests.past import MARTS
from tests.projects import PROJECT, ProjectCopy, copy_project
from tests.servers import new_server

MONTHS = (1, 2)
RESTATED = 2
LATE_AGAIN = 20

OF_WHEN = {"audit_runs", "audit_seen_months", "month_versions"}
"""Marts that say when something ran or was seen: two warehouses never have them equal."""

ARRIVAL = r"(received|seen|since)_at_utc$|^file_name$"
"""Columns of when a file came, and from where: two warehouses never have them equal."""

ROWS = """
    select count(*) || ' ' || coalesce(md5(string_agg(line, e'\\n' order by line)), '')
    from marts."{mart}" as it
    cross join lateral (
        select string_agg(key || '=' || value, ' ' order by key) as line from jsonb_each_text(to_jsonb(it))
        where not key ~ %s
    ) as written
"""
"""Of a mart how many rows it has, and one checksum of all of them, but for those columns."""

LEDGER = "select file_no, file_id, dataset, file_name from raw_nycflights13.files order by file_no"

PLANNED = re.compile(r"would run (\d+) of (\d+) nodes")
NOTHING_NEW = "nothing new"

Contents = dict[str, str]
"""Of each mart its rows and their checksum."""


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
        _run(project, "up")
        _load(project, files[:-1])
        _run(project, "build")
        first = _contents()
        _load(project, files[-1:])
        _run(project, "build")
        return Expected(first, _contents())


def upgrade(commit: str, folder: Path, expected: Expected) -> Upgrade:
    """Make a warehouse with a commit and go on with it. Raises SystemExit where a command fails."""
    older, project, files = _checked_out(commit, folder), _today(folder), _files(folder)
    broken: list[str] = []
    with new_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        _run(older, "up")
        _load(older, files[:-1])
        _run(older, "build")
        ledger = _ledger()
        _run(older, "down")

        _run(project, "up")
        planned = PLANNED.search(_run(project, "build", "--plan"))
        began = time.monotonic()
        _run(project, "build")
        seconds = time.monotonic() - began
        if _ledger() != ledger:
            broken.append("the ledger is another")
        broken += _differences(expected.first, "after the first build")
        if NOTHING_NEW not in _run(project, "build"):
            broken.append("a second build finds something new")
        if (said := _load(project, files[:-1])).count("already there, as file") != len(files) - 1:
            broken.append(f"what has landed lands again: {said}")
        _load(project, files[-1:])
        _run(project, "build")
        broken += _differences(expected.again, "with a month restated again")
    runs, nodes = map(int, planned.groups()) if planned else (0, 0)
    return Upgrade(runs, nodes, seconds, tuple(broken))


class Older(ProjectCopy):
    """The project as a commit left it, whose command may be another module."""

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        scripts = tomllib.loads(self.folder.joinpath("pyproject.toml").read_text())["project"]["scripts"]
        module, function = scripts["ontime"].split(":")
        return subprocess.Popen(
            [sys.executable, "-c", f"from {module} import {function} as main; main()", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


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


def _ledger() -> list[tuple[Any, ...]]:
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        cursor.execute(LEDGER)
        return cursor.fetchall()


def _contents() -> Contents:
    """Of all marts, as a reader finds them."""
    with closing(connect_reporter()) as opened, opened.cursor() as cursor:
        cursor.execute(MARTS)
        contents = {}
        for (mart,) in cursor.fetchall():
            cursor.execute(ROWS.format(mart=mart), [ARRIVAL])
            ((contents[mart],),) = cursor.fetchall()
    return contents


def _differences(expected: Contents, when: str) -> list[str]:
    found = _contents()
    different = {mart for mart in expected.keys() | found.keys() if expected.get(mart) != found.get(mart)}
    if not (different := different - OF_WHEN):
        return []
    return [f"{when} others are: {', '.join(sorted(different))}"]
