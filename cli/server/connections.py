"""Where the warehouse is and how each role logs in: the embedded server, or the one that PGHOST names."""

import getpass
import os
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg2
import psycopg2.extensions

from cli.server.process import server
from cli.server.settings import ACTIVATED_HOST
from ingestion.database import is_busy
from ingestion.errors import OntimeError, PassingError

Role = Literal["postgres", "loader", "transformer", "reporter"]

OLDEST_VERSION = 16


@dataclass(frozen=True)
class Connection:
    """How to log in as one role.

    `user` differs from `role` on an external server: there the role is set after the login.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(repr=False)
    role: str

    def as_psycopg2(self) -> dict[str, Any]:
        """Keyword arguments for psycopg2.connect."""
        arguments = {"host": self.host, "port": self.port, "dbname": self.database, "user": self.user}
        if self.password is not None:
            arguments["password"] = self.password
        if self.role != self.user:
            arguments["options"] = f"-c role={self.role}"
        return arguments

    def environment(self) -> dict[str, str]:
        """Variables by which a child process (dbt, psql) finds the server; they hold the password."""
        variables = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.database,
        }
        if self.role != self.user:
            variables["PGOPTIONS"] = f"-c role={self.role}"
        return variables if self.password is None else variables | {"PGPASSWORD": self.password}

    def connect(self) -> psycopg2.extensions.connection:
        """Log in. Raises OntimeError when the server does not answer, refuses, or is too old."""
        try:
            opened: psycopg2.extensions.connection = psycopg2.connect(**self.as_psycopg2())
        except psycopg2.OperationalError as error:
            kind = PassingError if is_busy(error) or _is_away(str(error)) else OntimeError
            raise kind(
                f"no connection to Postgres as {self.role}: {error}".strip(), _remedy(str(error))
            ) from None
        try:
            check_version(opened.server_version)
        except OntimeError:
            opened.close()
            raise
        return opened


def _is_away(refusal: str) -> bool:
    """Whether a server that others run does not answer; ours is started by `ontime up`, not by waiting."""
    words = "Connection refused", "timeout", "timed out", "closed the connection"
    return not is_embedded() and any(word in refusal for word in words)


def _remedy(refusal: str) -> str:
    """What to do when the server does not let us in."""
    if "too many connections" in refusal or "connection slots" in refusal:
        return "try again when some of the open sessions have ended; `ontime up` ends those that hang"
    if not is_embedded():
        return "check PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE"
    return "start it with: ontime up"


def is_embedded() -> bool:
    """True unless the user's PGHOST names a server that is not ours.

    An activated shell names our socket folder, or that of another clone whose `.venv` it activated before.
    """
    host = os.environ.get("PGHOST")
    return not host or host in (str(server().socket_folder), os.environ.get(ACTIVATED_HOST))


def connection(role: Role) -> Connection:
    """How to log in as `role`; `postgres` is the administrator (on an external server: PGUSER itself).

    An external server is asked as PGUSER, which then sets the role: we need no passwords of its roles.
    """
    database = os.environ.get("PGDATABASE") or "ontime"
    if is_embedded():
        ours = server()
        return Connection(str(ours.socket_folder), ours.port, database, role, ours.passwords[role], role)
    user = os.environ.get("PGUSER") or getpass.getuser()
    return Connection(
        host=os.environ["PGHOST"],
        port=int(os.environ.get("PGPORT") or 5432),
        database=database,
        user=user,
        password=os.environ.get("PGPASSWORD"),
        role=user if role == "postgres" else role,
    )


def check_version(server_version: int) -> None:
    """Refuse a server that is too old; `server_version` as libpq gives it, e.g. 150004 for 15.4."""
    major = server_version // 10_000
    if major < OLDEST_VERSION:
        raise OntimeError(
            f"this server is PostgreSQL {major}; the models use functions that came with {OLDEST_VERSION}",
            f"use PostgreSQL {OLDEST_VERSION} or newer, or unset PGHOST to use the embedded one",
        )
