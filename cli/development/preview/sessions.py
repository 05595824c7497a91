"""Sessions that read only, or write nothing but tables of their own, a minute a statement at most."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from cli.server.connections import connection

SECONDS = 60

OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS}s"
"""Settings of Postgres for all sessions of the process, dbt's too (PGOPTIONS)."""


@contextmanager
def reading() -> Iterator[Any]:
    """A session that can write nothing. Raises OntimeError when the server does not answer."""
    with closing(connection("transformer").connect()) as opened:
        opened.set_session(readonly=True)
        with opened.cursor() as cursor:
            cursor.execute("set statement_timeout = %s", [f"{SECONDS}s"])
        yield opened


@contextmanager
def trying() -> Iterator[Any]:
    """A session that may make temporary tables, which end with it. It holds no lock.

    Raises OntimeError when the server does not answer.
    """
    with closing(connection("transformer").connect()) as opened:
        opened.set_session(readonly=False, autocommit=True)
        yield opened
