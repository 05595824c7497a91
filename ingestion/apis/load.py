"""Loads weather that is needed and missing: replays what was asked before, asks for the rest, lands both."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2

from ingestion.apis.answers import Answers
from ingestion.apis.api import Api, Needed, Question
from ingestion.apis.coverage import is_lacking
from ingestion.apis.hours import HOUR, Span, length
from ingestion.apis.missing import Missing, Place, missing
from ingestion.data_file import Unreadable
from ingestion.database import connect, refused
from ingestion.errors import LaterError, OntimeError
from ingestion.finding.fetch.addresses import shown
from ingestion.finding.finding import Found
from ingestion.landing import raw_schema
from ingestion.landing.ledger import Ledger
from ingestion.load import land_found
from ingestion.progress import Progress
from ingestion.report import FileReport, LoadReport
from ingestion.working_folder import working_folder

_AT_ONCE = 50  # answers that land together
_OF_DATABASE = "table="  # what a request begins with that is of a table, not of an API


def load_answers(
    api: Api,
    needed: Sequence[Needed],
    connection: Mapping[str, Any],
    progress: Progress,
    cache: Path,
    now: datetime | None = None,
    again: bool = False,
) -> LoadReport:
    """Lands weather of hours that are needed and have not landed, as the role that `connection` logs in with.

    What has landed, the requests in the ledger say. Answers that the folder `cache` keeps are replayed; the
    rest is asked for and kept there. With `again`, what was asked for answers that lack hours is asked anew.
    Hours that are too young to be final are not asked for, and reported as
    to come. A request that fails fails alone, but an API that says its quota is used up, or does not answer
    three times in a row, is left alone. Raises OntimeError when the database cannot be reached or refuses
    what any load needs, or the cache cannot be used.
    """
    started = time.monotonic()
    answers = Answers(cache / "answers" / api.source.name, api.suffix)
    with progress, answers.locked(progress.say), working_folder("answers") as folder:
        raw_schema.prepare(connection, [api.source], progress.say)
        landed = _landed(api, connection, progress.say, again)
        wanted = missing(api, needed, landed, now or datetime.now(UTC))
        reports = [FileReport.of_failure(item.name, item.error) for item in _not_asked_for(api, wanted)]
        for report in reports:
            progress.done(report)
        if wanted.too_old and api.keeps:
            progress.say(f"{api.title}: keeps {api.keeps.days} days; older: {_counted(wanted.too_old)}")
        if wanted.to_ask:
            from ingestion.apis.answer_files import AnswerFiles  # only here: dlt takes a second to import

            answered = AnswerFiles(api, answers, progress, Path(folder), again)
            for batch in _batches(answered.found(wanted.to_ask), _AT_ONCE):
                reports += land_found(api.source, batch, connection, progress)
                answered.clear()
    return LoadReport(api.source.name, tuple(reports), time.monotonic() - started)


def _landed(
    api: Api, connection: Mapping[str, Any], say: Callable[[str], None], again: bool
) -> list[Question]:
    """What was asked for the answers that have landed; with `again`, for those that lack no hours.

    Databases could once be declared under the name of an API, and then share its ledger: that is told.
    """
    with closing(connect(connection)) as session:
        try:
            requests = Ledger(session, api.source.raw_schema).requests()
        except psycopg2.Error as error:
            raise refused(f"ledger of {api.source.name}", error) from error
    questions = [request for request in requests if not request.startswith(_OF_DATABASE)]
    if others := len(requests) - len(questions):
        schema = api.source.raw_schema
        say(f"warning: {schema}.files has {others:,} reads of a database, left alone; see docs/databases.md")
    return [Question.of_request(request) for request in questions if not (again and is_lacking(request))]


def _not_asked_for(api: Api, wanted: Missing) -> Iterator[Unreadable]:
    """What the user is to know of hours that are needed, but not to be had."""
    if wanted.places_unknown:
        names = ", ".join(wanted.places_unknown)
        yield Unreadable(
            names,
            shown(api.base_url()),
            OntimeError(
                f"{api.title}: the place is not known of {names}",
                "load airports with latitude and longitude, or leave them out with --airports",
            ),
        )
    if wanted.too_young:
        yield Unreadable(
            "young hours",
            shown(api.base_url()),
            LaterError(
                f"{api.title}: not asked for, since not final yet: {_counted(wanted.too_young)}",
                f"load again later: hours are final {api.final_after // HOUR} h after they began",
            ),
        )


def _counted(spans: Mapping[Place, list[Span]]) -> str:
    hours = sum(length(of_place) // HOUR for of_place in spans.values())
    return f"{hours:,} hours at {len(spans):,} airport{'s' * (len(spans) > 1)}"


def _batches(found: Iterable[Found], size: int) -> Iterator[list[Found]]:
    items = iter(found)
    while batch := list(islice(items, size)):
        yield batch
