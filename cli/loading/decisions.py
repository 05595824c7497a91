"""`ontime accept` and `ontime reject`: a person decides whether a landed file counts."""

import getpass
from contextlib import closing

import psycopg2

from cli.server.connections import connection
from ingestion.database import connect, refused
from ingestion.landing.decisions import Verdict, decide
from ingestion.sources import SOURCES

SAID = {"accept": "counts", "reject": "does not count"}


def decide_on(file_no: int, verdict: Verdict, remark: str) -> str:
    """Write down that a file counts or not, with who and when. Returns what is told of it.

    Raises OntimeError when there is no such file, or the server refuses.
    """
    with closing(connect(connection("loader").as_psycopg2())) as opened:
        try:
            decided = decide(opened, SOURCES.values(), file_no, verdict, _who(), remark)
        except psycopg2.Error as error:
            raise refused("writing the decision down", error) from error
    before = f"; before, it was decided to {decided.before} it" if decided.before else ""
    return (
        f"file {file_no} of {decided.source}, {decided.file_name}, {SAID[verdict]} from the next build on"
        f"{before}\n  -> ontime build"
    )


def _who() -> str:
    """The name of the user, or what stands for it in a container without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
