"""From hours that are missing to answers as files to land: those that are kept, then those that come."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from ingestion.apis.answers import Answers, Kept
from ingestion.apis.api import Api, CutOffError, Question, UnfitError
from ingestion.apis.client import QuotaError, UnansweredError, client_of, unfit
from ingestion.apis.hours import Span, overlap, pieces, without
from ingestion.apis.missing import Place
from ingestion.data_file import DataFile, Unreadable
from ingestion.errors import LaterError, OntimeError
from ingestion.finding.finding import Found
from ingestion.progress import Progress

_UNANSWERED = 3  # in a row, after which the rest is not asked for


class AnswerFiles:
    """The answers of one API as files, whose rows wait in `folder` until `clear`."""

    def __init__(self, api: Api, answers: Answers, progress: Progress, folder: Path) -> None:
        self._api = api
        self._answers = answers
        self._progress = progress
        self._folder = folder
        self._client = client_of(api, progress.say, folder)
        self._numbers = count(1)

    def found(self, missing: Mapping[Place, Sequence[Span]]) -> Iterator[Found]:
        """The answers of these hours; in place of one that does not come stands why."""
        kept = self._kept()
        questions: list[Question] = []
        for place, spans in missing.items():
            rest = list(spans)
            for answer in kept.get(place, ()):
                if overlap(answer.question.span, rest) and (file := self._replayed(answer)) is not None:
                    rest = without(rest, [answer.question.span])
                    yield file
            questions += [Question(place, piece) for span in rest for piece in pieces(span, self._api.period)]
        yield from self._asked(questions)

    def clear(self) -> None:
        """Forgets the rows of answers that have landed."""
        for file in self._folder.glob("*.csv"):
            file.unlink()

    def _kept(self) -> dict[Place, list[Kept]]:
        """The answers in the cache to what would be asked now, by place."""
        found: dict[Place, list[Kept]] = {}
        for answer in self._answers.kept():
            if answer.address == self._client.address(answer.question):
                found.setdefault(answer.question.place, []).append(answer)
        return found

    def _replayed(self, answer: Kept) -> DataFile | None:
        """The file of an answer that is kept; None when it is damaged, and is to be asked for again."""
        pages = self._answers.read(answer)
        try:
            return None if pages is None else self._file(answer.question, pages)
        except (UnfitError, CutOffError):  # an earlier version of this program let it pass
            return None

    def _asked(self, questions: Sequence[Question]) -> Iterator[Found]:
        """The answers that the API gives, until it gives no more."""
        unanswered = 0
        for position, question in enumerate(questions):
            try:
                yield self._answered(question)
                unanswered = 0
                continue
            except OntimeError as error:
                yield Unreadable(question.name, self._client.address(question), error)
                unanswered = unanswered + 1 if isinstance(error, UnansweredError) else 0
                is_used_up = isinstance(error, QuotaError)
            left = len(questions) - position - 1
            if left and (is_used_up or unanswered == _UNANSWERED):
                yield self._given_up(left, LaterError if is_used_up else OntimeError)
                return

    def _answered(self, question: Question) -> DataFile:
        """The file of the answer to a question, which is kept. Raises OntimeError when there is none."""
        pages = self._client.ask(question)
        try:
            file = self._file(question, pages)
        except UnfitError as error:
            raise unfit(f"{self._api.title}: {question.name}", error) from None
        try:
            self._answers.keep(question, file.location, pages)
        except OSError as error:
            raise OntimeError(
                f"{self._api.title}: {question.name}: the answer cannot be kept: {error.strerror}",
                "make room where the cache is, or name another folder with ONTIME_CACHE",
            ) from None
        size = sum(map(len, pages))
        self._progress.has_fetched(file.location, size, size)
        return file

    def _file(self, question: Question, pages: Sequence[bytes]) -> DataFile:
        """The rows of an answer, as a file. Raises UnfitError and CutOffError."""
        for page in pages:
            self._api.look(page)
        rows = self._api.rows(question, pages)
        path = self._folder / f"{next(self._numbers)}.csv"
        path.write_bytes(rows)
        if rows.count(b"\n") == 1:
            self._progress.say(f"{self._api.title}: {question.name}: the answer has no rows")
        return DataFile(path, question.name, self._client.address(question), request=question.request)

    def _given_up(self, left: int, kind: type[OntimeError]) -> Unreadable:
        rest = f"{left:,} further requests"
        error = kind(f"{self._api.title}: {rest} were not made", "load again later; what has come is kept")
        return Unreadable(rest, self._api.title, error)
