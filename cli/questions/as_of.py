"""Marts as readers saw them: at a moment, or in a publication that is named by its number.

    with session_as_of("2024-03-01") as session:   # a day is its end; or "2024-03-01 12:00", "17"
        with session.connection.cursor() as cursor:  # of role reporter, read only
            cursor.execute(session.statement("select * from marts.agg_month"))

Each form of the marts (columns of tables, definitions of views) has a schema of views, which a publication
makes when it changes one (macros/publish/past.sql); two settings of the session say which publication they
are to show. So nothing is made to ask, nothing has to be cleared away, and questions about the present do
not know of it.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import psycopg2
import psycopg2.extensions
from psycopg2 import errors
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from cli.console import nearest
from cli.server.roles import connect_reporter
from ingestion.errors import OntimeError

PUBLISHED = "marts"
FORM = "marts_as_of_"

LISTING = "ontime runs --published lists what can be asked"
FORMS_OF_A_MOMENT = "a day such as 2024-03-01, a time such as 2024-03-01T12:00Z, or a publication's number"

_NUMBER = re.compile(r"[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_PUBLICATIONS = """
    select publication, published_at, since,
        lead(published_at) over (order by publication) as replaced_at,
        (to_jsonb(publications) ->> 'rolled_back_to')::integer as rolled_back_to  -- a column that came later
    from past.publications
    order by publication
"""
_NAMES = """
    select relname from pg_catalog.pg_class
    where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v')
"""
_SHOW = "select set_config('ontime.publication', %s, false), set_config('ontime.moment', %s, false)"


@dataclass(frozen=True)
class Publication:
    """What readers saw from `published_at` until the next one; `since` is the first one of its form.

    Of a rollback, `rolled_back_to` is the publication that it brought back.
    """

    number: int
    published_at: datetime
    since: int
    replaced_at: datetime | None
    rolled_back_to: int | None = None

    @property
    def schema(self) -> str:
        return f"{FORM}{self.since}"

    @property
    def shows(self) -> int:
        """The publication whose rows these are: of a rollback that which it brought back."""
        return self.rolled_back_to or self.number

    def __str__(self) -> str:
        return f"publication {self.number} of {self.published_at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Session:
    """A connection of role reporter that shows marts as one publication left them."""

    connection: psycopg2.extensions.connection
    publication: Publication

    def statement(self, text: str) -> str:
        """The statement with the marts of then. Raises OntimeError for marts that there were not yet.

        Texts and comments in it stay as they are, and so does every other use of the word.
        """
        try:
            tokens = Postgres().tokenize(text)
        except SqlglotError:
            return text  # Postgres says what is wrong, and where
        pieces, done = [], 0
        for schema, dot, name in zip(tokens, tokens[1:], tokens[2:], strict=False):
            if _identifier(text, schema) != PUBLISHED or dot.token_type != TokenType.DOT:
                continue
            mart = _identifier(text, name)
            if mart in self.names:
                pieces += [text[done : schema.start], self.publication.schema]
                done = schema.end + 1
            elif mart in self._names_of_today:
                raise OntimeError(
                    f"there was no {PUBLISHED}.{mart} in {self.publication}",
                    nearest(mart, sorted(self.names)) or LISTING,
                )
        return "".join([*pieces, text[done:]])

    def as_asked(self, message: str) -> str:
        """What Postgres says of a statement, with the names that were asked for."""
        then, lines = f"{self.publication.schema}.", message.split("\n")
        for number, line in enumerate(lines[1:], start=1):
            if line.strip() == "^":
                before = lines[number - 1][: len(line) - 1]
                lines[number] = f"{' ' * len(before.replace(then, f'{PUBLISHED}.'))}^"
        return "\n".join(lines).replace(then, f"{PUBLISHED}.")

    @cached_property
    def names(self) -> frozenset[str]:
        """The marts of then."""
        return self._names_in(self.publication.schema)

    @cached_property
    def _names_of_today(self) -> frozenset[str]:
        return self._names_in(PUBLISHED)

    def _names_in(self, schema: str) -> frozenset[str]:
        with self.connection.cursor() as cursor:
            cursor.execute(_NAMES, [schema])
            return frozenset(name for (name,) in cursor.fetchall())


@contextmanager
def session_as_of(when: str) -> Iterator[Session]:
    """Ask marts as they were at `when`. Raises OntimeError where it names no publication that is known."""
    with closing(connect_reporter()) as opened:
        opened.set_session(readonly=True)
        found = publication_as_of(when, publications(opened))
        # of runs that go on meanwhile nothing is known: one moment, also where that is now
        moment = min(_end_of(when, found), datetime.now(UTC))
        with opened.cursor() as cursor:
            cursor.execute(_SHOW, [str(found.number), moment.isoformat()])
        opened.commit()  # settings of a transaction that is rolled back are gone
        yield Session(opened, found)


def publications(opened: psycopg2.extensions.connection) -> list[Publication]:
    """All that can be asked, the oldest first."""
    try:
        with opened, opened.cursor() as cursor:
            cursor.execute(_PUBLICATIONS)
            return [Publication(*row) for row in cursor.fetchall()]
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege):
        return []


def publication_as_of(when: str, known: list[Publication]) -> Publication:
    """The publication that readers saw at a moment, or the one of a number. Raises OntimeError."""
    if not known:
        raise OntimeError(
            "of no publication is known yet what readers saw",
            "the past begins with the next build that publishes: ontime build",
        )
    first, last = known[0], known[-1]
    if _NUMBER.fullmatch(when.strip()):
        for publication in known:
            if publication.number == int(when):
                return publication
        raise OntimeError(
            f"there is no publication {when.strip()}: they go from {first.number} to {last.number}", LISTING
        )
    moment = _moment(when)
    seen = [publication for publication in known if publication.published_at <= moment]
    if not seen:
        raise OntimeError(
            f"what readers saw at {moment:%Y-%m-%d %H:%M:%S} UTC is not known: the past begins with {first}",
            f"ask from {first.published_at:%Y-%m-%d} on; what files said before that day: docs/releases.md",
        )
    return seen[-1]


def _moment(when: str) -> datetime:
    """A time, of a day its last; without a zone it is UTC."""
    text = when.strip()
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        if not _DAY.match(text):
            raise ValueError(text)  # weeks and the like, which the next line would take as well
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OntimeError(f"`{text[:40]}` is no moment", f"name {FORMS_OF_A_MOMENT}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _end_of(when: str, publication: Publication) -> datetime:
    """Until when runs are known: the moment that was asked for, or of a number its last."""
    if not _NUMBER.fullmatch(when.strip()):
        return _moment(when)
    if publication.replaced_at is None:
        return datetime.max.replace(tzinfo=UTC)
    return publication.replaced_at - timedelta(microseconds=1)


def _identifier(text: str, token: object) -> str:
    """The name that a token is, as Postgres reads it."""
    written = text[token.start : token.end + 1]  # type: ignore[attr-defined]
    if written.startswith('"'):
        return written[1:-1].replace('""', '"')
    return written.lower()
