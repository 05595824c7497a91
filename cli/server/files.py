"""What the embedded server keeps on disk, and whom it belongs to.

What is where (`.ontime/` in the project, or the folder that ONTIME_STATE names):

    .ontime/credentials.json    passwords of the roles, 0600
    .ontime/server.env          PGHOST and so on for an activated shell, 0600
    .ontime/port, lock          the port, kept from start to start; the lock that makes two starts one
    .ontime/backups/            what `ontime backup` wrote, 0700
    .ontime/cache/              files that loads fetched, see ingestion/finding/fetch/cache.py
    .ontime/server.conf         our settings, included by postgresql.conf, written at each start
    .ontime/postgres/           data/, socket/, server.log: of the user whom the server runs as, 0700

Postgres refuses to run as root, so root's server runs as an unprivileged user. Where that user cannot enter
the project (a clone below /root), `postgres/`, `server.conf` and a copy of the binaries are in
`/var/lib/ontime-<hash>` instead.
"""

import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shlex
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.server.settings import memory_bytes, server_conf, server_env
from ingestion import PROJECT
from ingestion.errors import OntimeError

ROLES = ("postgres", "loader", "transformer", "reporter")

# The kernel takes 107 bytes for the path of a socket, whose file is named like this.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535")

Say = Callable[[str], None]


@dataclass(frozen=True)
class ServerFiles:
    """The files of the server whose state is in the folder `state`; what is where: see above."""

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

    @property
    def _short_name(self) -> str:
        key = f"{os.geteuid()}:{self.state}"
        return f"ontime-{hashlib.sha256(os.fsencode(key)).hexdigest()[:12]}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        with locked(self.state / "lock"):
            yield

    def make_state_folder(self) -> None:
        """Make the folder of credentials; root's can be passed through, to the server's folder below it."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.state.chmod(0o711)

    def make_folders(self, say: Say) -> None:
        """Make the server's folders; root's first start decides whether they can be in the project."""
        if not self.home.exists() and not can_enter(self.user, self.state):
            self.private.mkdir(mode=0o711)
            self.private.chmod(0o711)  # whatever the umask
            say(f"the user {self.user.pw_name} cannot enter {self.state}: Postgres is in {self.private}")
        _make_private_folder(self.home, self.user)
        _make_private_folder(self.socket_folder, self.user)

    def kept_port(self) -> int | None:
        """The port of the last start, None before the first."""
        return self.port if (self.state / "port").exists() else None

    def make_passwords_once(self) -> None:
        """Give each role a password, where there are none: data that an upgrade replaces has the same."""
        if (self.state / "credentials.json").exists():
            return
        passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
        write_private(self.state / "credentials.json", json.dumps(passwords, indent=2) + "\n")

    def write_settings(self, port: int) -> None:
        """Write what server and clients read. Before the start, so that a kill in between loses no server."""
        conf = self.base / "server.conf"
        conf.write_text(server_conf(memory_bytes(), port, self.socket_folder))
        conf.chmod(0o644)  # no secrets in it; the server's user reads it
        write_private(self.state / "port", f"{port}\n")
        password = self.passwords["transformer"]
        text = server_env(self.socket_folder, port, password, dlt_folder(self.state))
        write_private(self.state / "server.env", text)

    def _read(self, name: str) -> str:
        try:
            return (self.state / name).read_text()
        except FileNotFoundError:
            raise OntimeError("there is no Postgres server yet", "start it with: ontime up") from None


def cache_folder() -> Path:
    """Where loads keep the files that they fetch: `.ontime/cache/`, or the folder that ONTIME_CACHE names."""
    named = os.environ.get("ONTIME_CACHE")
    return Path(named).absolute() if named else state_folder() / "cache"


def backup_folder(state: Path) -> Path:
    """Where backups go that are given no other place, below the state folder: `.ontime/backups/`, 0700."""
    folder = state / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def lake_place() -> str:
    """Where the lake is: `.ontime/spark/lake/`, or the folder or bucket that ONTIME_LAKE names."""
    named = os.environ.get("ONTIME_LAKE") or str(state_folder() / "spark" / "lake")
    return named if "://" in named else str(Path(named).absolute())


def dlt_folder(state: Path) -> Path:
    """Where loads keep how dlt's last runs went, below the state folder: `.ontime/dlt/`."""
    return state / "dlt"


def state_folder() -> Path:
    """`.ontime/` in the project, or the folder that ONTIME_STATE names."""
    return Path(os.environ.get("ONTIME_STATE") or PROJECT / ".ontime").absolute()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Only one process at a time goes on, of those that ask for this file."""
    with file.open("a") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def write_private(file: Path, text: str) -> None:
    """Write a 0600 file that belongs to its folder's owner, never half."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    if os.geteuid() == 0:
        owner = file.parent.stat()
        os.chown(unfinished, owner.st_uid, owner.st_gid)
    unfinished.rename(file)


def run_as(user: pwd.struct_passwd) -> dict[str, Any]:
    """Arguments for subprocess.run that make the child run as `user`."""
    if os.geteuid() != 0:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    """Whether `user` may pass through a folder."""
    return subprocess.run(["test", "-x", str(folder)], cwd="/", **run_as(user)).returncode == 0


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
