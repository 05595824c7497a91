"""What is published, asked as role reporter: the one place that says where nothing is."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2.extensions

from cli.questions.query import APPLY_SETTINGS_OF_ROLE
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError

IS_PUBLISHED = "select to_regclass('marts.fct_flights') is not null"


@contextmanager
def opened_published() -> Iterator[psycopg2.extensions.connection]:
    """A transaction of role reporter, with the limits of a reader, that sees one moment and writes nothing.

    Raises OntimeError where nothing is published.
    """
    with closing(connect_reporter()) as opened:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with opened.cursor() as cursor:
            cursor.execute(APPLY_SETTINGS_OF_ROLE)
            cursor.execute(IS_PUBLISHED)
            if cursor.fetchone() != (True,):
                raise OntimeError(
                    "nothing is published yet", "load and build first: ontime load, ontime build"
                )
        yield opened
