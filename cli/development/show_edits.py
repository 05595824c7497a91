"""`ontime impact` after an edit, as text of 100 columns or as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import wrap

from cli.development.edits import Edits, measure_edits
from cli.development.preview.trial import Changed, Tried
from cli.development.show_impact import WIDTH, first, listed, tests_and_more

NOTHING = "no model or seed is edited: they are as published\nbefore an edit: ontime impact NAME[.COLUMN]"


def answer_of_edits(seconds: float, form: str) -> Iterator[str]:
    """Parts of the answer, as they are known; `form` is table or json. Raises OntimeError."""
    found = measure_edits(seconds)
    if found is None:
        yield "{}" if form == "json" else NOTHING
    elif form == "json":
        yield as_json(found)
    else:
        yield "\n".join(_what_changes(found.tried))
        yield "\n".join(_what_it_reaches(found))


def as_json(found: Edits) -> str:
    reached = found.reached()
    said = asdict(found.tried) | asdict(reached.readers) | {"could_change": reached.could}
    return json.dumps(said, indent=2, ensure_ascii=False)


def _what_changes(tried: Tried) -> Iterator[str]:
    whys = [f"{name} ({why})" if why != "edited" else name for name, why in tried.edited.items()]
    yield f"edited here: {len(tried.edited)}"
    yield from wrap(", ".join(whys), WIDTH, initial_indent="  ", subsequent_indent="  ")
    published = sum(it.is_published for it in tried.changed)
    yield f"\nchanges with today's data: {len(tried.changed)}, published: {published} (*)"
    width = max((len(it.model) for it in tried.changed), default=0) + 6
    for it in tried.changed:
        begin = f"  {'*' if it.is_published else ' '} {it.model:<{width - 4}}"
        yield from wrap(_what(it), WIDTH, initial_indent=begin, subsequent_indent=" " * width)
    yield from listed("read what changes, and come out equal", tried.same)
    if tried.not_tried:
        yield f"\nnot tried: {len(tried.not_tried)}"
        for name, why in tried.not_tried.items():
            yield from wrap(f"{name}: {why}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def _what_it_reaches(found: Edits) -> Iterator[str]:
    reached = found.reached()
    yield from tests_and_more(reached.readers.tests, reached.readers.metrics, reached.readers.exposures)
    yield from listed("could change with other data, by what the SQL reads", reached.could)
    yield f"\n{found.tried.seconds} s; row by row: ontime dev build --children, ontime diff MODEL"


def _what(changed: Changed) -> str:
    if changed.is_new or changed.is_gone:
        return "new" if changed.is_new else "removed"
    if changed.rows_before != changed.rows_after:
        return f"rows {changed.rows_before:,} -> {changed.rows_after:,}"
    return first(changed.columns) or "values that changed places"
