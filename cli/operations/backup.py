"""Backups by pg_dump, and beside each a file of what has to be found in it when it is restored.

    ontime-20261129T104500.dump        the database, in pg_dump's own form
    ontime-20261129T104500.dump.json   sha256 of it, the checksums of all marts, what each ledger says

Both are of one moment: of one snapshot of the database, while loads and builds go on.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psycopg2
from psycopg2 import sql

from cli.building.raw_rows import damages
from cli.server.connections import Connection, connection
from cli.server.files import Say
from cli.server.process import server
from cli.server.roles import bootstrap, make_database, make_roles
from ingestion.errors import OntimeError
from ingestion.finding.fetch.cache import sha256
from ingestion.sources import SOURCES

Cursor = Any

PREFIX, SUFFIX = "ontime-", ".dump"

_LEDGER = "select count(*), coalesce(sum(rows_landed), 0), coalesce(sum(rows_rejected), 0) from {}"
_CHECKSUMS = "select mart, data_month, row_count, checksum from marts.audit_checksums order by 1, 2"


@dataclass(frozen=True)
class Contents:
    """What a database holds: checksums of marts by month, and of each ledger files, rows landed, rejected."""

    checksums: list[list[str | None]]
    ledgers: dict[str, list[int]]

    @classmethod
    def of(cls, cursor: Cursor) -> Self:
        """Of the database that is asked, in the transaction of the cursor."""
        cursor.execute("select to_regclass('marts.audit_checksums') is not null")
        checksums = []
        if cursor.fetchone() == (True,):
            cursor.execute(_CHECKSUMS)
            checksums = [[None if it is None else str(it) for it in row] for row in cursor.fetchall()]
        ledgers = {}
        for source in SOURCES.values():
            cursor.execute("select to_regclass(%s) is not null", [f"{source.raw_schema}.files"])
            if cursor.fetchone() == (True,):
                cursor.execute(sql.SQL(_LEDGER).format(sql.Identifier(source.raw_schema, "files")))
                ledgers[source.name] = [int(number) for number in cursor.fetchone()]
        return cls(checksums, ledgers)

    def differences(self, other: Self) -> list[str]:
        """Marts and ledgers of which the other holds something else."""
        marts = {row[0] for row in self.checksums if row not in other.checksums}
        marts |= {row[0] for row in other.checksums if row not in self.checksums}
        names = self.ledgers.keys() | other.ledgers.keys()
        ledgers = {f"raw_{name}" for name in names if self.ledgers.get(name) != other.ledgers.get(name)}
        return sorted(str(name) for name in marts | ledgers)


def backup(place: Path, keep: int | None, say: Say) -> Path:
    """Write a backup to a file, or to a folder under a name of its own; with `keep`, older ones there go.

    Returns the file. Raises OntimeError when that exists, or pg_dump fails; nothing half done stays.
    """
    file = place / f"{PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%S}{SUFFIX}" if place.is_dir() else place
    for path in (file, beside(file)):
        if path.exists():
            raise OntimeError(f"{path} is there already", "name another file")
    part = file.with_name(f"{file.name}.part")
    administrator = connection("postgres")
    try:
        with closing(administrator.connect()) as opened, opened.cursor() as cursor:
            opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
            cursor.execute("select pg_export_snapshot()")
            (snapshot,) = cursor.fetchone() or ("",)
            contents = Contents.of(cursor)
            say("writing what Postgres holds")
            _run("pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={part}"], administrator)
        facts = {"sha256": sha256(part), "made_at_utc": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"}
        beside(file).write_text(json.dumps(facts | asdict(contents), indent=1), encoding="utf-8")
        part.rename(file)
    except OSError as error:
        raise OntimeError(f"{error.filename or file}: {error.strerror}", "name another place") from None
    finally:
        part.unlink(missing_ok=True)
        if not file.exists():
            beside(file).unlink(missing_ok=True)
    if keep is not None:
        _forget(file.parent, keep, say)
    return file


def restore(file: Path, say: Say) -> str:
    """Bring the warehouse to what a backup holds; what was there stays as a database of another name.

    The backup is read into a database of its own, compared with what stands beside it, and only then takes
    the place. Returns what became of the database before. Raises OntimeError, and changes nothing, when the
    backup is damaged or not complete, or somebody is connected.
    """
    expected = _expected(file)
    administrator = connection("postgres")
    make_database(administrator)
    make_roles(administrator)  # a backup names them as owners, and does not hold them
    new = replace(administrator, database=f"{administrator.database}_restoring")
    elsewhere = replace(administrator, database="postgres")
    with closing(elsewhere.connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute(
            "select pg_try_advisory_lock(hashtext('ontime restore'), hashtext(%s))", [new.database]
        )
        if cursor.fetchone() != (True,):
            raise OntimeError("another restore is running", "wait for its end")
        cursor.execute(_named("drop database if exists {}", new))
        cursor.execute(_named("create database {}", new))
        try:
            _fill(new, file, say)
            _verify(new, expected, say)
            cursor.execute("set synchronous_commit to on")  # what is told of, is there for good
            before = f"{administrator.database}_before_{datetime.now(UTC):%Y%m%dT%H%M%S}"
            _swap(cursor, administrator, new, before)
        except BaseException:
            cursor.execute(_named("drop database if exists {} with (force)", new))
            raise
    bootstrap()
    return before


def beside(file: Path) -> Path:
    """The file of what has to be found in a backup."""
    return file.with_name(f"{file.name}.json")


def _forget(folder: Path, keep: int, say: Say) -> None:
    """Remove all but the newest backups of a folder: their names are their times."""
    for old in sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))[:-keep]:
        old.unlink()
        beside(old).unlink(missing_ok=True)
        say(f"removed {old.name}: {keep} newer ones are there")


def _expected(file: Path) -> Contents:
    """What has to be found in a backup, which is whole."""
    remedy = "name a file that `ontime backup` wrote, with its .json beside it"
    try:
        facts = json.loads(beside(file).read_text(encoding="utf-8"))
        contents = Contents(facts["checksums"], facts["ledgers"])
        found = sha256(file)
    except OSError as error:
        raise OntimeError(f"{error.filename}: {error.strerror}", remedy) from None
    except (ValueError, KeyError, TypeError):
        raise OntimeError(f"{beside(file)} does not say what the backup holds", remedy) from None
    if found != facts["sha256"]:
        raise OntimeError(f"{file} is damaged: it is not the file that was written", "take another backup")
    return contents


def _fill(new: Connection, file: Path, say: Say) -> None:
    say("reading the backup into a database of its own")
    options = [
        *(f"--dbname={new.database}", "--exit-on-error", f"--jobs={min(4, os.cpu_count() or 1)}"),
        # rights on functions of Postgres itself, which another version has not: make_roles knows which
        "--exclude-schema=pg_catalog",
    ]
    _run("pg_restore", [*options, str(file)], new)
    make_roles(new)  # rights on the database itself are in no backup


def _verify(new: Connection, expected: Contents, say: Say) -> None:
    say("comparing it with what was written down beside it")
    with closing(new.connect()) as opened, opened.cursor() as cursor:
        found = Contents.of(cursor)
        if different := expected.differences(found):
            raise OntimeError(
                f"the backup holds others than it should: {', '.join(different)}", "take another"
            )
        if damaged := damages(cursor, SOURCES.values(), count_all=True):
            raise OntimeError(f"the backup lacks rows: {damaged[0]}", "take another backup")
        opened.rollback()
        opened.autocommit = True
        cursor.execute("analyze")


def _swap(cursor: Cursor, old: Connection, new: Connection, before: str) -> None:
    """Give the restored database the name of the warehouse's."""
    try:
        cursor.execute(_named("alter database {} rename to {}", old, before))
    except psycopg2.errors.ObjectInUse as error:
        detail = (error.diag.message_detail or "").strip()
        raise OntimeError(
            f"others are connected to {old.database}, which a restore replaces: {detail}",
            "end their sessions, loads and builds, then restore again",
        ) from None
    try:
        cursor.execute(_named("alter database {} rename to {}", new, old.database))
    except BaseException:
        cursor.execute(_named("alter database {} rename to {}", replace(old, database=before), old.database))
        raise


def _named(statement: str, *names: Connection | str) -> sql.Composed:
    texts = (name if isinstance(name, str) else name.database for name in names)
    return sql.SQL(statement).format(*map(sql.Identifier, texts))


def _run(program: str, options: Sequence[str], where: Connection) -> None:
    """Run a program of Postgres. Raises OntimeError with what it says."""
    done = subprocess.run(
        [str(server().binaries / program), "--no-password", *options],
        env=os.environ | where.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = "\n  ".join(line for line in done.stderr.splitlines()[:3])
        raise OntimeError(f"{program} failed: {said}", "mend that, then repeat the same command")
