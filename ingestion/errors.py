"""The one error of the project: what went wrong, and what to do next."""

from collections.abc import Iterator


class OntimeError(Exception):
    """A failure that the user can act on; the `ontime` command shows it without a traceback.

    `message` says what is wrong and names the file, record or object; `remedy` is the next thing to do, best
    a command.
    Defined here because `cli` may import `ingestion`, but not the other way round.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message


class PassingError(OntimeError):
    """The other side does not answer for now: a failure that nobody here has to mend."""


class LaterError(OntimeError):
    """What was asked for will be there later: nothing to mend, and the same command will work then."""


class NotPublishedError(LaterError):
    """The publisher has not published it yet."""


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it, from the outermost to where the chain began."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def root_of(error: BaseException) -> BaseException:
    """Where a chain of errors began."""
    *_, root = chain_of(error)
    return root
