"""What the user sees: errors, notes and times on stderr, so that stdout stays for results."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import click

from ingestion.errors import LaterError, OntimeError, PassingError

FAILED = 1
LATER = os.EX_TEMPFAIL  # 75: the same command will work later


def note(text: str) -> None:
    """One line about what is going on."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean a or b?`, or nothing where no name is near."""
    near = get_close_matches(name, sorted(set(known)), n=3)
    return f"did you mean {' or '.join(near)}?" if near else ""


def some(texts: Sequence[str], most: int = 3, separator: str = ", ") -> str:
    """The first few, and how many more."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more


def show_error(error: OntimeError) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error.message}", err=True)
    click.echo(f"  -> {error.remedy}", err=True)


def exit_code_of(error: OntimeError) -> int:
    """Whether somebody has to mend it, or the same command will work later."""
    return LATER if isinstance(error, LaterError | PassingError) else FAILED


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Say how long a step took when it worked."""
    began = time.monotonic()
    yield
    note(f"{step}: {time.monotonic() - began:.1f} s")
