"""A file elsewhere: what web.py and buckets.py hand to fetch.py, and the errors that both meet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from ingestion.errors import OntimeError, PassingError
from ingestion.finding.fetch.addresses import secrets_of, shown, without_secrets
from ingestion.finding.fetch.cache import Entry
from ingestion.progress import Progress


@dataclass(frozen=True)
class Transfer:
    """How the transfer of one file goes, told from its own thread. `stopping` is set when it is to end."""

    location: str
    progress: Progress
    stopping: Event

    def has_come(self, position: int, size: int | None) -> None:
        """So many bytes are here, of so many if that is known. Raises OntimeError when it is to end."""
        if self.stopping.is_set():
            raise OntimeError(f"{self.location}: stopped", "load again; what has come is kept")
        self.progress.has_fetched(self.location, position, size)


@dataclass(frozen=True)
class Remote:
    """One file elsewhere. `bring` sees to it that the entry holds the current one.

    It returns False when the entry held that already. It raises OntimeError when the other side or the way to
    it fails, OSError when the cache does.
    """

    address: str = field(repr=False)
    bring: Callable[[Entry, Transfer], bool] = field(repr=False)


class NotThereError(OntimeError):
    """The other side answers, and says that there is no such file."""


def failure(address: str, problem: str, remedy: str) -> OntimeError:
    """The error of an address, which is shown without its secrets, also where the problem repeats them."""
    return OntimeError(f"{shown(address)}: {without_secrets(problem, secrets_of(address))}", remedy)


def silence(address: str, problem: str, remedy: str) -> PassingError:
    """As `failure`, where the other side may answer later."""
    shown_failure = failure(address, problem, remedy)
    return PassingError(shown_failure.message, shown_failure.remedy)


def not_there(address: str) -> NotThereError:
    """The error of an address that names nothing."""
    return NotThereError(f"{shown(address)}: does not exist", "check the address")
