"""Real servers of other people's databases: MariaDB, and a PostgreSQL beside that of the warehouse.

    with mariadb() as source:
        source.do("create table aircraft (...)", "insert into ...")
        ... source.address: what SOURCES__FLEET__CREDENTIALS is to hold ...

Each has a folder of its own and a free port of 127.0.0.1, runs as an unprivileged user when the tests are
root's, and ends with its context, by its process id. Where MariaDB is not installed, its tests are skipped
and say how to get it; with CI=true, as CI services set it, that is a failure.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa

from cli.server.process import Server, free_port
from tests.needs import missing
from tests.servers import running_server

PASSWORD = "s3cret/with:odd@signs%41"  # noqa: S105
"""Password of READER on both servers. It is to be found nowhere but here."""
READER = "reader_of_the_fleet"
_SECONDS_TO_START = 300
_GET_MARIADB = "MariaDB is not installed; on Debian: apt-get install mariadb-server"


@dataclass(frozen=True)
class Database:
    """The database `fleet` of a running server. `admin` may do all in it; READER reads it."""

    kind: Literal["mariadb", "postgresql"]
    port: int
    admin: sa.Engine = field(repr=False)
    process_id: int

    @property
    def address(self) -> str:
        """How READER logs in, in SQLAlchemy's form."""
        return self.address_of(READER, PASSWORD)

    def address_of(self, user: str, password: str) -> str:
        """How a user logs in."""
        return f"{self.kind}://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/fleet"

    def do(self, *statements: str) -> None:
        """Runs statements as administrator, each in a transaction of its own."""
        for statement in statements:
            self._run(statement)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, asked as administrator."""
        return self._run(statement)

    def kill_readers(self) -> None:
        """Ends the sessions of READER, as a server does that is shut down."""
        if self.kind == "postgresql":
            self.ask(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{READER}'")
        else:
            self.do(f"kill user {READER}")

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        with self.admin.begin() as connection, closing(connection.connection.cursor()) as cursor:
            cursor.execute(statement)  # as it is: SQLAlchemy would take % for a parameter
            return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def mariadb() -> Iterator[Database]:
    """A MariaDB server of its own."""
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        missing(_GET_MARIADB)
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="ontime-mariadb-", dir="/tmp"))  # the path of a socket is short
    try:
        if os.geteuid() == 0:
            os.chown(folder, user.pw_uid, user.pw_gid)
        with _running_mariadb(program, folder, user) as database:
            yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def second_postgres() -> Iterator[Database]:
    """A PostgreSQL server of its own."""
    with running_server() as server:
        process_id, login = server.process_id(), ("postgres", server.passwords["postgres"])
        assert process_id is not None
        with (
            _engine("postgresql+psycopg2", server.port, *login, "postgres", "AUTOCOMMIT") as engine,
            engine.connect() as session,
        ):
            session.exec_driver_sql("create database fleet")
        with _engine("postgresql+psycopg2", server.port, *login, "fleet") as admin:
            with admin.begin() as session:
                session.exec_driver_sql(f"create role {READER} login password %s", (PASSWORD,))
                session.exec_driver_sql(f"grant pg_read_all_data to {READER}")
            yield Database("postgresql", server.port, admin, process_id)


@contextmanager
def _running_mariadb(program: str, folder: Path, user: pwd.struct_passwd) -> Iterator[Database]:
    data, socket, log = folder / "data", folder / "socket", folder / "server.log"
    # small, and nothing is kept for a crash: the server does not outlive the test
    settings = ["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M", "--performance-schema=off"]
    _run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-name-resolve", *settings],
        ["--auth-root-authentication-method=normal", "--skip-test-db"],
        user=user,
        folder=folder,
    )
    port = free_port(None)
    command = [program, "--no-defaults", f"--datadir={data}", f"--socket={socket}", f"--port={port}"]
    command += ["--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}", *settings]
    command += [
        "--innodb-flush-log-at-trx-commit=0",
        "--skip-name-resolve",
        "--sql-mode=",
        "--default-time-zone=+00:00",
    ]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", **_identity(user, folder)
        )
        try:
            with _engine("mariadb+pymysql", port, "root", "", unix_socket=str(socket)) as engine:
                _wait_for(engine, process, log)
                with engine.begin() as session:
                    session.exec_driver_sql("create database fleet character set utf8mb4")
                    session.exec_driver_sql(f"create user {READER} identified by %s", (PASSWORD,))
                    session.exec_driver_sql(f"grant select on fleet.* to {READER}")
            with _engine("mariadb+pymysql", port, "root", "", "fleet", unix_socket=str(socket)) as admin:
                yield Database("mariadb", port, admin, process.pid)
        finally:
            process.kill()
            process.wait()


def _wait_for(engine: sa.Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the server answers. Fails with its log when it does not."""
    deadline = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            engine.connect().close()
            return
        except sa.exc.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)


@contextmanager
def _engine(
    driver: str,
    port: int,
    user: str,
    password: str,
    database: str | None = None,
    isolation_level: sa.engine.interfaces.IsolationLevel = "READ COMMITTED",
    **arguments: str,
) -> Iterator[sa.Engine]:
    url = sa.URL.create(driver, user, password, "127.0.0.1", port, database)
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args=arguments, isolation_level=isolation_level
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _unprivileged() -> pwd.struct_passwd:
    """Whom a server runs as: us, or whom the warehouse's server runs as when we are root."""
    return Server(Path(tempfile.gettempdir(), "none")).user


def _identity(user: pwd.struct_passwd, folder: Path) -> dict[str, Any]:
    """Arguments of subprocess for a child that runs as `user`, with its temporary files in `folder`."""
    as_other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    return {"env": {"PATH": f"{os.defpath}:/usr/sbin", "TMPDIR": str(folder)}, **as_other}


def _run(*parts: Sequence[str], user: pwd.struct_passwd, folder: Path) -> None:
    command = [word for part in parts for word in part]
    ran = subprocess.run(command, capture_output=True, text=True, cwd="/", **_identity(user, folder))
    assert ran.returncode == 0, ran.stdout + ran.stderr
