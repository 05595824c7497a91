"""The record of a run: `ops.runs` (runs.sql), written as it goes.

    with recorded(["build"], opened) as run:
        with run.step("compare"):
            ...
        run.exit_code = 0

The first row says that the run has begun, and its connection holds a lock until it has ended: a run without
that lock was killed, and the next command says so. What has ended is written at the end, in one statement.
Nothing of this makes a command fail: what cannot be written is told in one line.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import psycopg2.extensions
from psycopg2 import errors

from cli.console import FAILED, LATER, exit_code_of, note
from cli.environment import variables
from cli.runs import lineage
from cli.runs.release import release
from cli.runs.words import command_of, job_of, name_of_file, storable, without_secrets_of_addresses
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.report import LoadReport
from ingestion.stopping import exit_code_of_stop, spare

Opened = psycopg2.extensions.connection

TABLE = Path(__file__).with_name("runs.sql")

PARENT = "ONTIME_RUN"
"""The variable with the id of a run, for the commands that it starts, as `ontime run` does."""

BUILD_RUN = "ONTIME_BUILD_RUN"
"""The variable with the id of this run, for dbt (macros/publish/runs.sql)."""

NO_TABLE = (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege)
"""What a warehouse says that an older version made."""

_LONGEST_DETAIL = 300  # characters
_SECONDS_UNTIL_WRITTEN = (
    1.0  # a step that took longer is written when it ends, a shorter one with what follows
)

# Killed is what runs and holds its lock no longer. Transformer and loader see everybody's locks.
_SAY_WHO_WAS_KILLED = """
    update ops.runs set outcome = 'killed'
    where outcome = 'running'
        and not exists (
            select from pg_locks
            where locktype = 'advisory'
                and database = (select oid from pg_database where datname = current_database())
                and classid = hashtext('ontime run')::oid and objid = hashtext(runs.run_id)::oid
        )
"""
# Somebody who holds the table keeps no command waiting.
_NOT_LONG = "select set_config('lock_timeout', '2s', true), set_config('statement_timeout', '5s', true)"
_BEGIN = f"""
    {_NOT_LONG};
    select pg_advisory_lock(hashtext('ontime run'), hashtext(%(run_id)s));
    {_SAY_WHO_WAS_KILLED};
    insert into ops.runs (run_id, parent_run_id, command, step, outcome, release, started_at)
    values (%(run_id)s, %(parent_run_id)s, %(command)s, 'command', 'running', %(release)s, clock_timestamp())
    returning started_at
"""
_STEPS = """
    insert into ops.runs
        (run_id, step, subject, outcome, detail, row_count, rows_rejected, started_at, ended_at, seconds)
    select %(run_id)s, step, subject, outcome, detail, row_count, rows_rejected, started_at, ended_at, seconds
    from jsonb_to_recordset(%(steps)s) as steps (
        step text, subject text, outcome text, detail text, row_count bigint, rows_rejected bigint,
        started_at timestamptz, ended_at timestamptz, seconds double precision
    )
"""
_END = f"""
    {_NOT_LONG};
    {_STEPS};
    update ops.runs
    set outcome = %(outcome)s, exit_code = %(exit_code)s, detail = %(detail)s,
        rows_rejected = %(rows_rejected)s, ended_at = clock_timestamp(), seconds = %(seconds)s,
        row_count = coalesce(
            %(row_count)s,
            (select sum(row_count) from ops.runs where run_id = %(run_id)s and step = 'publish')
        )
    where run_id = %(run_id)s and step = 'command';
    select pg_advisory_unlock(hashtext('ontime run'), hashtext(%(run_id)s))
"""
_COMMAND = "select command from ops.runs where run_id = %s and step = 'command'"
_PUBLISHED = "select subject, row_count from ops.runs where run_id = %s and step = 'publish' order by step_no"


@dataclass(frozen=True)
class Step:
    """A part of a run. `subject` is the file that landed; `seconds` are those that it took."""

    step: str
    seconds: float
    outcome: str
    subject: str | None = None
    detail: str | None = None
    row_count: int | None = None
    rows_rejected: int | None = None
    started_at: str | None = None
    ended_at: str | None = None


@dataclass
class Run:
    """A command that runs. What it sets is written when it ends; `reads` and `writes` are for lineage.

    `reads` are tables and files, `writes` the rows of the tables that changed, None where nobody counted.
    """

    words: Sequence[str]
    opened: Opened | None
    run_id: str = field(default_factory=lambda: str(uuid4()))
    exit_code: int | None = None
    detail: str | None = None
    row_count: int | None = None
    rows_rejected: int | None = None
    reads: list[str] = field(default_factory=list)
    writes: dict[str, int | None] = field(default_factory=dict)
    _steps: list[Step] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_begun: bool = False
    _is_told: bool = False
    _lineage: lineage.Lineage | None = None

    @property
    def command(self) -> str:
        return command_of(self.words)

    @property
    def has_listener(self) -> bool:
        """Whether somebody is told what the run reads and writes: only then it is worth finding out."""
        return self._lineage is not None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the run, which fails with it."""
        began = time.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "succeeded"
        finally:
            self._add(name, began, outcome)

    def landed(self, report: LoadReport) -> None:
        """What became of the files of a load; those that brought nothing new are in the sum only."""
        outcomes = {"landed": "succeeded", "to come": "later", "failed": "failed"}
        self.row_count, self.rows_rejected = report.rows_landed, report.rows_rejected
        self.detail = str(report)
        for file in report.files:
            if file.state not in outcomes:
                continue
            has_landed = file.state == "landed"
            self._steps.append(
                Step(
                    "land",
                    file.seconds,
                    outcomes[file.state],
                    subject=name_of_file(file.file_name),
                    detail=f"{report.source}.{file.dataset}" if has_landed else _short(file.message),
                    row_count=file.rows_landed if has_landed else None,
                    rows_rejected=file.rows_rejected if has_landed else None,
                )
            )
            if has_landed:
                table = f"raw_{report.source}.{file.dataset}"
                self.reads.append(lineage.FILE + name_of_file(file.file_name))
                self.writes[table] = (self.writes.get(table) or 0) + file.rows_landed

    def tested(self, steps: Iterable[Step]) -> None:
        """What became of the tests of a build."""
        self._steps += [replace(step, detail=_short(step.detail)) for step in steps]

    def begin(self) -> None:
        """Write down that it has begun, and tell who listens."""
        parent = storable(os.environ.get(PARENT, ""))[:100] or None
        told = {
            "run_id": self.run_id,
            "parent_run_id": parent,
            "command": self.command,
            "release": release(PROJECT),
        }

        def write(cursor: Any) -> None:
            cursor.execute(_BEGIN, told)
            ((self._started_at,),) = cursor.fetchall()

        self.is_begun = True  # a stop that comes while it is written has something to end
        self.is_begun = self._written(write)
        if lineage.is_wanted():
            self._lineage = lineage.Lineage(self.run_id, job_of(self.words), self._place())
            self._lineage.started(parent, self._job_of_run(parent) if parent and self.is_begun else None)

    def end(self, error: BaseException | None) -> None:
        """Write down how it has ended, by an error or the exit code that was set, and tell who listens."""
        outcome, code, detail = _outcome(error, self.exit_code)
        self.detail = _short(detail or self.detail)
        if self.is_begun:
            told = {
                "run_id": self.run_id,
                "steps": self._as_json(),
                "outcome": outcome,
                "exit_code": code,
                "detail": self.detail,
                "row_count": self.row_count,
                "rows_rejected": self.rows_rejected,
                "seconds": time.monotonic() - self._began,
            }
            self._written(lambda cursor: cursor.execute(_END, told))
        if self._lineage is not None:
            if self.is_begun and not self.writes:
                self._written(self._read_what_was_published)
            self._lineage.ended(outcome, self.reads, self.writes, self.detail)

    def _job_of_run(self, run_id: str) -> str | None:
        """The job of another run; none where it is not recorded."""
        found: list[str] = []

        def read(cursor: Any) -> None:
            cursor.execute(_COMMAND, [run_id])
            found.extend(command for (command,) in cursor.fetchall())

        self._written(read)
        return job_of(found[0].split(" ")) if found else None

    def _place(self) -> tuple[str, int, str]:
        """Host, port and database of the warehouse."""
        assert self.opened is not None
        known = self.opened.info
        return known.host, known.port, known.dbname

    def _add(self, name: str, began: float, outcome: str) -> None:
        seconds = time.monotonic() - began
        started_at = self._started_at + timedelta(seconds=began - self._began)
        ended_at = started_at + timedelta(seconds=seconds)
        self._steps.append(
            Step(name, seconds, outcome, started_at=started_at.isoformat(), ended_at=ended_at.isoformat())
        )
        if seconds > _SECONDS_UNTIL_WRITTEN and self.is_begun:
            told = {"run_id": self.run_id, "steps": self._as_json()}
            if self._written(lambda cursor: cursor.execute(_STEPS, told)):
                self._steps.clear()

    def _as_json(self) -> str:
        return json.dumps([asdict(step) for step in self._steps])

    def _read_what_was_published(self, cursor: Any) -> None:
        cursor.execute(_PUBLISHED, [self.run_id])
        self.writes.update({f"marts.{mart}": rows for mart, rows in cursor.fetchall()})

    def _written(self, write: Callable[[Any], object]) -> bool:
        """Whether it was; where not, that is told."""
        assert self.opened is not None
        for may_make_table in (True, False):
            try:
                with self.opened.cursor() as cursor:
                    write(cursor)
                return True
            except psycopg2.Error as error:
                if not (may_make_table and isinstance(error, NO_TABLE) and self._make_table()):
                    self._tell_once(error)
                    return False
        return False

    def _tell_once(self, error: psycopg2.Error) -> None:
        if not self._is_told:
            why = "there is no table ops.runs yet; ontime up makes it"
            if not isinstance(error, NO_TABLE):
                why = next(iter(str(error).strip().splitlines()), type(error).__name__)
            note(f"this run is not recorded: {why}")
        self._is_told = True

    def _make_table(self) -> bool:
        """In a warehouse that an older version made; only transformer may."""
        assert self.opened is not None
        with suppress(psycopg2.Error), self.opened.cursor() as cursor:
            cursor.execute("select current_user = 'transformer'")
            if cursor.fetchone() == (True,):
                make_table(cursor)
                return True
        return False


@contextmanager
def recorded(words: Sequence[str], opened: Opened | None) -> Iterator[Run]:
    """Record what is done meanwhile as a run of the command of these words.

    `opened` is a connection in autocommit, of loader or transformer; without one nothing is recorded.
    """
    run = Run(words, opened)
    if opened is None:
        yield run
        return
    spare(opened)
    ended_by: BaseException | None = None
    try:
        run.begin()
        with _known_to_children(run.run_id if run.is_begun else None):
            yield run
    except BaseException as error:
        ended_by = error
        raise
    finally:
        run.end(ended_by)


@contextmanager
def _known_to_children(run_id: str | None) -> Iterator[None]:
    """To dbt and to commands that are started meanwhile; one that is not recorded is known to nobody."""
    with variables({BUILD_RUN: run_id} if run_id is None else {BUILD_RUN: run_id, PARENT: run_id}):
        yield


def make_table(cursor: psycopg2.extensions.cursor) -> None:
    """Make ops.runs as transformer, and bring what older versions kept elsewhere."""
    cursor.execute(TABLE.read_text())


def say_who_was_killed(cursor: psycopg2.extensions.cursor) -> None:
    """Of runs that never ended, and run no longer."""
    cursor.execute(_SAY_WHO_WAS_KILLED)


def _outcome(error: BaseException | None, code: int | None) -> tuple[str, int, str | None]:
    """How a run has ended: in a word, by its exit code, and what it said of it."""
    if isinstance(error, SystemExit):
        code, error = error.code if isinstance(error.code, int) else int(bool(error.code)), None
    if isinstance(error, KeyboardInterrupt):
        return "stopped", exit_code_of_stop(), None
    said = None
    if isinstance(error, OntimeError):
        code, said = exit_code_of(error), error.message
    elif error is not None:
        code, said = FAILED, type(error).__name__  # what it says may hold anything
    code = code or 0
    return {0: "succeeded", LATER: "later"}.get(code, "failed"), code, said


def _short(text: str | None) -> str | None:
    """The first line, as a sentence that is safe to keep."""
    if not text or not text.strip():
        return None
    line = storable(without_secrets_of_addresses(text.strip().splitlines()[0]))
    return line if len(line) <= _LONGEST_DETAIL else f"{line[: _LONGEST_DETAIL - 3]}..."
