"""The parts of the proof of one figure, as texts and plain values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Verdict = Literal["equal", "different", "cannot"]


@dataclass(frozen=True)
class LeftOut:
    """Flights of the group that the figure does not look at: why, how many, and the keys of a few."""

    why: str
    flights: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """How many flights of the group there are, and how many went in."""

    flights: int
    went_in: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class FileRows:
    """A file that states one of the months: how it stands there, and its records of the group."""

    file_no: int
    file_name: str
    dataset: str
    received_at_utc: str
    month: str
    standing: str
    why: str
    records_of_group: int | None
    rejected: int


@dataclass(frozen=True)
class Reject:
    """Records of the months that were rejected for one reason, of whichever group; one of them as it came."""

    file_no: int
    reason: str
    records: int
    record_no: int
    raw_text: str


@dataclass(frozen=True)
class Line:
    """A flight that went in, and the raw record that states it."""

    flight_key: str
    file_no: int
    file_name: str
    record_no: int
    values: dict[str, str | None]


@dataclass(frozen=True)
class Release:
    """A release of a month: since when it was known, and until when; the newest has no end."""

    month: str
    release_no: int
    known_from_utc: str
    known_to_utc: str | None
    is_complete_month: bool


@dataclass(frozen=True)
class Before:
    """What the release before said of the same flights; `value` is None where there was none."""

    release_no: int | None
    value: Any
    words: str


@dataclass(frozen=True)
class Published:
    """What BTS publishes for the same: `agreement` is equal, differs, incomplete, or why there is none."""

    agreement: str
    ours: Any = None
    published: Any = None
    words: str = ""


@dataclass(frozen=True)
class Recomputation:
    """The figure from raw text by an independent path, and whether it is the one shown."""

    verdict: Verdict
    value: Any
    words: str
    sql: str


@dataclass(frozen=True)
class Proof:
    """One figure and its proof."""

    subject: str
    kind: str
    where: dict[str, str]
    value: Any
    definition: str
    sql: str
    additive: str
    model: str
    fingerprints: dict[str, str]
    published_at: str | None
    recomputation: Recomputation
    account: Account | None = None
    files: tuple[FileRows, ...] = ()
    rejects: tuple[Reject, ...] = ()
    duplicates: int | None = None
    releases: tuple[Release, ...] = ()
    before: Before | None = None
    published: Published | None = None
    examples: tuple[Line, ...] = ()
    seconds: float = 0.0


def spelled(value: Any) -> str:
    """A figure as Postgres spells it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
