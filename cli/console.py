"""What the user sees: errors, notes and times on stderr, so that stdout stays for results."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ingestion.errors import OntimeError


def note(text: str) -> None:
    """One line about what is going on."""
    click.echo(text, err=True)


def show_error(error: OntimeError) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error.message}", err=True)
    click.echo(f"  -> {error.remedy}", err=True)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Say how long a step took when it worked."""
    began = time.monotonic()
    yield
    note(f"{step}: {time.monotonic() - began:.1f} s")
