"""Which commands are kept as runs, by whom, and in which words (cli/runs/record.py)."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Literal

import click

from cli.console import note

if TYPE_CHECKING:
    from cli.runs.record import Run

WORDS = "ontime.words"


def keep_words(context: click.Context, words: Sequence[str]) -> None:
    """Remember what was typed after `ontime`, before click takes it apart."""
    context.meta[WORDS] = [word for index, word in enumerate(words) if index or word != "--debug"]


def words_of_command() -> list[str]:
    """What was typed after `ontime`."""
    context = click.get_current_context()
    return list(context.meta.get(WORDS) or [str(context.info_name)])


@contextmanager
def recorded_as(role: Literal["loader", "transformer"]) -> "Iterator[Run]":
    """Record the current command, on a connection of its own. Without a server nothing is recorded."""
    from cli.runs.record import recorded  # here: `ontime --help` needs no driver of Postgres
    from cli.server.connections import connection
    from ingestion.errors import OntimeError

    words = words_of_command()
    try:
        opened = connection(role).connect()
    except OntimeError as error:
        note(f"this run is not recorded: {error.message.splitlines()[0]}")
        with recorded(words, None) as run:
            yield run
        return
    with closing(opened):
        opened.autocommit = True
        with recorded(words, opened) as run:
            yield run
