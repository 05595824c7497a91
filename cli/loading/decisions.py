"""`ontime accept` and `ontime reject`: a person decides whether a landed file counts."""

import getpass
from contextlib import closing

import psycopg2

from cli.server.connections import connection
from ingestion.database import connect, refused
from ingestion.errors import OntimeError
from ingestion.landing.decisions import Landed, Verdict, decide, landed_file
from ingestion.sources import DATABASES, SOURCES

SAID = {"accept": "counts", "reject": "does not count"}


def decide_on(file_no: int, verdict: Verdict, remark: str) -> str:
    """Write down that a file counts or not, with who and when. Returns what is told of it.

    Raises OntimeError when there is no such file, when it cannot be decided on, or the server refuses.
    """
    with closing(connect(connection("loader").as_psycopg2())) as opened:
        try:
            landed = landed_file(opened, SOURCES.values(), file_no)
            _check_that_it_can_count_or_not(landed, file_no)
            verdict_before = decide(opened, file_no, verdict, _who(), remark)
        except psycopg2.Error as error:
            raise refused("writing the decision down", error) from error
    before = f"; before, it was decided to {verdict_before} it" if verdict_before else ""
    return (
        f"file {file_no} of {landed.source}, {landed.file_name}, {SAID[verdict]} from the next build on"
        f"{before}\n  -> ontime build"
    )


def _check_that_it_can_count_or_not(landed: Landed, file_no: int) -> None:
    """Raises OntimeError for a read of a table with a key: the reads together are the table."""
    for database in DATABASES:
        keyed = {name for table in database.tables if table.key for name in (table.name, table.vanished)}
        if database.name == landed.source and landed.dataset in keyed:
            raise OntimeError(
                f"file {file_no} is a read of {landed.dataset}, a table of which all changes count together",
                f"change it there and load again: ontime load {landed.source}",
            )


def _who() -> str:
    """The name of the user, or what stands for it in a container without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
