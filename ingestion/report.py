"""What became of the files of a load."""

from dataclasses import dataclass
from typing import Literal, Self

from ingestion.errors import LaterError, OntimeError, PassingError

State = Literal["landed", "already there", "left out", "to come", "failed"]
_STATES: tuple[State, ...] = ("landed", "already there", "left out", "to come", "failed")


@dataclass(frozen=True)
class FileReport:
    """One file of a load. `file_no` and rows are those of the ledger, also when it was already there.

    `form` says what kind of file it is where the dataset's name does not; `message` and `remedy` say why it
    failed; `warnings` did not keep it from landing. `may_pass` says of a failure that the other side did not
    answer.
    """

    file_name: str
    state: State
    dataset: str | None = None
    file_no: int | None = None
    rows_seen: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    seconds: float = 0.0
    form: str = ""
    message: str | None = None
    remedy: str | None = None
    warnings: tuple[str, ...] = ()
    rows_unchanged: int = 0
    may_pass: bool = False

    @classmethod
    def of_no_news(
        cls, file_name: str, dataset: str, rows: int, seconds: float = 0.0, warnings: tuple[str, ...] = ()
    ) -> Self:
        """The report of the read of a table of which every row, and every reject, is there already."""
        return cls(
            file_name,
            "already there",
            dataset=dataset,
            rows_seen=rows,
            rows_unchanged=rows,
            seconds=seconds,
            warnings=warnings,
        )

    @classmethod
    def of_failure(cls, file_name: str, error: OntimeError, dataset: str | None = None) -> Self:
        """The report of a file that could not land."""
        state: State = "to come" if isinstance(error, LaterError) else "failed"
        return cls(
            file_name,
            state,
            dataset=dataset,
            message=error.message,
            remedy=error.remedy,
            may_pass=isinstance(error, PassingError),
        )

    def __str__(self) -> str:
        """For people, such as `flights.csv.zip: 336,776 rows landed in flights, 0 rejected (0.6 s)`."""
        if self.state == "failed":
            return f"error: {self.message}\n  -> {self.remedy}"
        if self.state == "to come":
            return f"{self.message}\n  -> {self.remedy}"
        if self.state == "left out":
            return f"{self.file_name}: left out, for nothing here needs {self.form}"
        if self.state == "already there" and self.file_no is None:
            return self._with_warnings(
                f"{self.file_name}: nothing new; {self.rows_unchanged:,} rows are as they were"
            )
        if self.state == "already there":
            return self._with_warnings(
                f"{self.file_name}: already there, as file {self.file_no} of {self.dataset}"
            )
        rows = f"{self.rows_landed:,} rows landed in {self.dataset}, {self.rows_rejected:,} rejected"
        rows += f", {self.rows_unchanged:,} unchanged" if self.rows_unchanged else ""
        form = f"{self.form}: " if self.form else ""
        return self._with_warnings(f"{self.file_name}: {form}{rows} ({self.seconds:.1f} s)")

    def _with_warnings(self, line: str) -> str:
        return "\n".join((line, *(f"warning: {warning}" for warning in self.warnings)))


@dataclass(frozen=True)
class LoadReport:
    """All files of one load, in the order in which they were named."""

    source: str
    files: tuple[FileReport, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether no file failed, or is yet to come."""
        return self._states().isdisjoint(("failed", "to come"))

    @property
    def can_wait(self) -> bool:
        """Whether the same load gets further later: all that failed or is to come may come then."""
        return not self.ok and all(file.may_pass for file in self.files if file.state == "failed")

    @property
    def rows_landed(self) -> int:
        """Rows that this load added; a file that was already there adds none."""
        return sum(file.rows_landed for file in self.files if file.state == "landed")

    @property
    def rows_rejected(self) -> int:
        """Rows that this load rejected."""
        return sum(file.rows_rejected for file in self.files if file.state == "landed")

    def _states(self) -> set[State]:
        return {file.state for file in self.files}

    def __str__(self) -> str:
        """For people, such as `nycflights13: 5 files landed; 367,687 rows landed, 0 rejected (1.3 s)`."""
        counts = ((state, sum(file.state == state for file in self.files)) for state in _STATES)
        files = ", ".join(f"{count} file{'s' * (count > 1)} {state}" for state, count in counts if count)
        files = files or "nothing is missing"
        rows = f"{self.rows_landed:,} rows landed, {self.rows_rejected:,} rejected"
        return f"{self.source}: {files}; {rows} ({self.seconds:.1f} s)"
