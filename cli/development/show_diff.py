"""`ontime diff`: what differs, as text of 100 columns."""

from collections.abc import Iterator

from cli.console import printable
from cli.development.diff import Difference, Example
from cli.questions.query import NULL

WIDTH = 100
WIDEST_VALUE = 40


def as_text(found: Difference) -> str:
    return "\n".join(_cut(line) for line in _lines(found))


def _lines(found: Difference) -> Iterator[str]:
    yield f"{found.after} against {found.before}"
    yield f"  by        {', '.join(found.key)}"
    if found.months and found.is_limited:
        yield f"  months    {found.months}, which is what is here"
    elif found.months:
        yield f"  warning   built of {found.months}, and it has no column of months: all months of production"
        yield "            are compared. Built of all: ontime dev build --months all"
    if found.where:
        yield f"  where     {printable(found.where)}"
    yield f"  rows      {found.rows_before:,} there, {found.rows_after:,} here{_read(found)}"
    yield f"  {'equal' if found.is_equal else 'differ'}    {_counted(found)}"
    yield from _warnings_and_columns(found)
    if found.changed_by_column:
        yield "\nchanged rows by column"
        width = max(map(len, found.changed_by_column))
        for name, count in sorted(found.changed_by_column.items(), key=lambda item: -item[1]):
            yield f"  {name:<{width}}  {count:,}"
    if found.examples:
        yield "\nexamples"
        for example in found.examples:
            yield from _example(example)


def _warnings_and_columns(found: Difference) -> Iterator[str]:
    for side, count in zip(("there", "here"), found.repeated, strict=True):
        if count:
            yield f"  warning   {count:,} keys stand more than once {side}: rows of them pair with each other"
    for name, type_name in found.columns_added.items():
        yield f"  column    + {name} {type_name}"
    for name, type_name in found.columns_gone.items():
        yield f"  column    - {name} {type_name}"
    for name, (was, now) in found.types_changed.items():
        yield f"  column    {name} {was} -> {now}"


def _read(found: Difference) -> str:
    if not found.equal_versions:
        return ""
    return f", besides {found.equal_versions} versions that are equal by their ids and were not read"


def _counted(found: Difference) -> str:
    if not (found.added or found.gone or found.changed):
        repeated = found.rows_before != found.rows_after
        return "no row differs, but how often rows stand there" if repeated else "no row differs"
    return f"{found.added:,} added, {found.gone:,} gone, {found.changed:,} changed"


def _example(example: Example) -> Iterator[str]:
    key = ", ".join(_value(value) for value in example.key.values())
    yield f"  {example.kind:<8} {key}"
    width = max(map(len, example.values), default=0)
    for name, (was, now) in example.values.items():
        yield f"    {name:<{width}}  {_value(was)} -> {_value(now)}"


def _value(value: str | None) -> str:
    if value is None:
        return NULL
    text = printable(value)
    return text if len(text) <= WIDEST_VALUE else f"{text[: WIDEST_VALUE - 1]}…"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
