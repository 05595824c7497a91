"""From hours that are missing to answers as files to land: those that are kept, then those that come."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

from ingestion.apis.answers import Answers, Kept
from ingestion.apis.api import LACKING, Api, CutOffError, Question, UnfitError
from ingestion.apis.client import QuotaError, UnansweredError, client_of
from ingestion.apis.coverage import hours_covered, is_lacking, lacking_of, proven
from ingestion.apis.hours import HOUR, Span, length, overlap, pieces, without
from ingestion.apis.missing import Place
from ingestion.data_file import DataFile, Unreadable
from ingestion.errors import LaterError, OntimeError, PassingError
from ingestion.finding.finding import Found
from ingestion.progress import Progress
from ingestion.request_text import decode

_UNANSWERED = 3  # in a row, after which the rest is not asked for


class AnswerFiles:
    """The answers of one API as files, whose rows wait in `folder` until `clear`.

    With `again`, answers that are kept and lack hours do not count.
    """

    def __init__(
        self, api: Api, answers: Answers, progress: Progress, folder: Path, again: bool = False
    ) -> None:
        self._api = api
        self._answers = answers
        self._progress = progress
        self._folder = folder
        self._again = again
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
            file = None if pages is None else self._file(answer.question, pages)
        except (UnfitError, CutOffError):  # an earlier version of this program let it pass
            return None
        if file is None or (self._again and is_lacking(file.request or "")):
            return None
        self._tell_lacking(answer.question, file)
        return file

    def _asked(self, questions: Sequence[Question]) -> Iterator[Found]:
        """The answers that the API gives, until it gives no more."""
        unanswered = 0
        for position, question in enumerate(questions):
            try:
                yield from self._answered(question)
                unanswered = 0
                continue
            except OntimeError as error:
                yield Unreadable(question.name, self._client.address(question), error)
                unanswered = unanswered + 1 if isinstance(error, UnansweredError) else 0
                is_used_up = isinstance(error, QuotaError)
                kind = next(it for it in (LaterError, PassingError, OntimeError) if isinstance(error, it))
            left = len(questions) - position - 1
            if left and (is_used_up or unanswered == _UNANSWERED):
                yield self._given_up(left, kind)
                return

    def _answered(self, asked: Question) -> Iterator[Found]:
        """The file of the answer to a question, which is kept; behind it, what may be missing at its end.

        Raises OntimeError when there is none.
        """
        pages = self._client.ask(asked)
        try:
            self._look(pages)
            rows = self._api.rows(asked, pages)
            covered = hours_covered(self._api, rows)
            question = asked if self._client.has_shown_end else self._proven(asked, covered)
            file = self._file_of(question, rows, covered)
        except UnfitError as error:
            raise self._client.unfit(asked, error) from None
        self._keep(question, file, pages)
        self._tell_lacking(question, file)
        yield file
        if question != asked:
            rest = Question(asked.place, Span(question.span.end, asked.span.end))
            yield Unreadable(rest.name, self._client.address(rest), self._may_be_cut_off(rest))

    def _proven(self, asked: Question, covered: set[datetime]) -> Question:
        """The part of a question that an answer covers whose end nobody has stated; raises when it is none.

        The ledger and the cache are told of that part alone, so that the next load asks for the rest.
        """
        span = proven(asked, covered)
        if span is None:
            raise self._may_be_cut_off(asked)
        return Question(asked.place, span)

    def _may_be_cut_off(self, rest: Question) -> LaterError:
        return LaterError(
            f"{self._api.title}: {rest.name}: nothing of that came, and the server states no length:"
            " the answer may be cut off",
            "load again: it is asked for then",
        )

    def _tell_lacking(self, question: Question, file: DataFile) -> None:
        name, hours = f"{self._api.title}: {question.name}", length([question.span]) // HOUR
        lacking = int(decode(file.request or "").get(LACKING, 0))
        if lacking == hours:
            self._progress.say(f"{name}: the answer has no rows")
        elif lacking:
            again = f"`ontime load {self._api.source.name} --again` asks again"
            self._progress.say(f"warning: {name}: {lacking:,} of {hours:,} hours are lacking; {again}")

    def _keep(self, question: Question, file: DataFile, pages: Sequence[bytes]) -> None:
        try:
            self._answers.keep(question, file.location, pages)
        except OSError as error:
            raise OntimeError(
                f"{self._api.title}: {question.name}: the answer cannot be kept: {error.strerror}",
                "make room where the cache is, or name another folder with ONTIME_CACHE",
            ) from None
        size = sum(map(len, pages))
        self._progress.has_fetched(file.location, size, size)

    def _look(self, pages: Sequence[bytes]) -> None:
        for page in pages:
            self._api.look(page)

    def _file(self, question: Question, pages: Sequence[bytes]) -> DataFile:
        """The rows of an answer, as a file. Raises UnfitError and CutOffError."""
        self._look(pages)
        rows = self._api.rows(question, pages)
        return self._file_of(question, rows, hours_covered(self._api, rows))

    def _file_of(self, question: Question, rows: bytes, covered: set[datetime]) -> DataFile:
        path = self._folder / f"{next(self._numbers)}.csv"
        path.write_bytes(rows)
        request = question.request
        if lacking := lacking_of(question, covered):
            request += f"&{LACKING}={lacking}"
        return DataFile(path, question.name, self._client.address(question), request=request)

    def _given_up(self, left: int, kind: type[OntimeError]) -> Unreadable:
        rest = f"{left:,} further requests"
        error = kind(f"{self._api.title}: {rest} were not made", "load again later; what has come is kept")
        return Unreadable(rest, self._api.title, error)
