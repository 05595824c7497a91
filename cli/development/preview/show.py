"""Rows of a preview for people: a table that fits, and what it leaves out."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.console import note, printable, some
from cli.development.preview.client import preview
from cli.development.preview.messages import Message, Question
from cli.questions.query import NULL, NUMBERS, Answer, Row, write_csv, write_json

WIDEST_VALUE = 32
WIDTH = 100
MOST_NAMED = 8
_BORDER = 3  # characters that a column takes beside its values


def answer_in_words(question: Question, form: str, out: IO[str]) -> None:
    """Ask, write the rows to `out` as table, csv or json, and say the rest on stderr. Raises OntimeError."""
    messages = preview(question)
    end: Message = {}
    for message in messages:
        if "said" in message:
            note(message["said"])
        elif "columns" in message:
            columns = message["columns"]
            for line in facts_in_words(message["facts"]):
                note(textwrap.fill(printable(line), WIDTH, subsequent_indent="  ", break_long_words=False))
            rows = list(rows_of(messages, end))  # all at once: who does not read on keeps nobody else waiting
            write = {"csv": write_csv, "json": write_json}.get(form)
            if write:
                names, types = ([pair[index] for pair in columns] for index in (0, 1))
                write(Answer(names, types, iter(rows)), out)
            else:
                show_rows(columns, rows, end["is_more"], Console(file=out, highlight=False))
            out.flush()
            note(seconds_in_words(message["seconds"]))
        elif "count" in message:
            note(counts_in_words(message["count"]))


def rows_of(messages: Iterator[Message], end: Message) -> Iterator[Row]:
    """The rows that follow; what is said at their end goes to `end`."""
    for message in messages:
        if "rows_end" in message:
            end.update(message)
            return
        yield from message["rows"]


def show_rows(columns: Sequence[Sequence[str]], rows: Sequence[Row], is_more: bool, console: Console) -> None:
    """As many columns as fit, each with its type below its name; values that are long are cut."""
    cells = [[shortened(value) for value in row] for row in rows]
    heads = [(shortened(name), kind) for name, kind in columns]
    widths = [
        max(len(name), len(kind), *(len(row[index]) for row in cells), 1)
        for index, (name, kind) in enumerate(heads)
    ]
    width = console.width if console.is_terminal else WIDTH
    ends = [sum(widths[: index + 1]) + _BORDER * (index + 1) + 1 for index in range(len(widths))]
    fitting = max(1, len(list(takewhile(lambda end: end <= width, ends)))) if columns else 0
    table = Table(width=None)
    for name, kind in heads[:fitting]:
        head = Text.assemble(name, "\n", (kind, "dim"))
        table.add_column(head, justify="right" if kind in NUMBERS else "left", no_wrap=True)
    for row, values in zip(cells, rows, strict=True):
        dimmed = [Text(cell, "dim" if value is None else "") for cell, value in zip(row, values, strict=True)]
        table.add_row(*dimmed[:fitting])
    console.width = max(console.width, ends[fitting - 1]) if columns else console.width
    if fitting:
        console.print(table)
    if columns[fitting:]:
        names = [printable(name) for name, _ in columns[fitting:]]
        console.print(
            f"{len(names)} of {len(columns)} columns are left out: {some(names, MOST_NAMED)}",
            markup=False,
            width=width,
        )
        console.print("  -> --columns NAME,... shows those, --format csv or json all")
    if any(len(printable(value)) > WIDEST_VALUE for row in rows for value in row[:fitting] if value):
        console.print(
            f"values of more than {WIDEST_VALUE} characters are cut; --format csv or json has them whole"
        )
    if is_more:
        first = "row" if len(rows) == 1 else f"{len(rows)} rows"
        console.print(f"the first {first}; --limit shows more")


def shortened(value: str | None) -> str:
    if value is None:
        return NULL
    text = printable(value)
    return text if len(text) <= WIDEST_VALUE else text[: WIDEST_VALUE - 1] + "…"


def facts_in_words(facts: Message) -> list[str]:
    """What the rows are of, one thing a line."""
    lines = [f"{facts['path']}{of_production(facts)}"]
    if facts["compiled_in"]:
        # what only reads an edited model is on the way
        own = [
            f"{name} ({why})" for name, why in facts["compiled_in"].items() if not why.startswith("reads ")
        ]
        between = len(facts["compiled_in"]) - len(own)
        way = f", and {between} on the way from there" if between else ""
        lines.append(f"compiled in: {some(own, MOST_NAMED)}{way}")
    if facts["as_published"]:
        read = [f"{name} ({where})" for name, where in facts["as_published"].items()]
        lines.append(f"as production has it: {some(read, MOST_NAMED)}")
    if facts["months"]:
        more = f"; {facts['other_months']} others with --months" if facts["other_months"] else ""
        lines.append(f"history of {some(facts['months'], MOST_NAMED)}, computed now{more}")
    if facts["newest_files"]:
        lines.append("history of the newest file of each kind, computed now; all with --months all")
    if facts["unknown"]:
        lines.append(f"what was edited is not known: {facts['unknown']}")
    if facts["broken"]:
        lines.append(f"not read, and left as it was: {facts['broken'].splitlines()[0]}")
    return lines


def of_production(facts: Message) -> str:
    why = facts["why"]
    if facts["unknown"]:
        return ""
    return (
        f", {why} since the last publication" if why == "edited" else f", {why}" if why else ", as published"
    )


def counts_in_words(count: Message) -> str:
    now, published = count["now"], count["published"]
    if now is None:
        return f"rows: {count['why']}"
    said = f"{now:,} rows"
    if published is None:
        return f"{said}; {count['why']}" if count["why"] else said
    change = now - published
    if not change:
        return f"{said}, as many as {count['relation']} has"
    return f"{said}, {change:+,} against {published:,} of {count['relation']}"


def seconds_in_words(seconds: dict[str, float]) -> str:
    return ", ".join(f"{step} {taken:.2f} s" for step, taken in seconds.items())
