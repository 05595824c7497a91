"""`ontime impact`: what a change reaches, as text of 100 columns or as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from textwrap import wrap

from cli.development.columns import column_lineage
from cli.development.impact import Impact, Reached, Test, impact

WIDTH = 100
MOST_COLUMNS = 8


def answer(name: str, form: str) -> str:
    """The answer to `ontime impact NAME[.COLUMN]`; `form` is table or json. Raises OntimeError."""
    found = impact(name, *column_lineage())
    return as_json(name, found) if form == "json" else as_text(name, found)


def as_json(name: str, found: Impact) -> str:
    return json.dumps({"name": name, **asdict(found)}, indent=2, ensure_ascii=False)


def as_text(name: str, found: Impact) -> str:
    """At most WIDTH columns wide; published marts are marked by a star."""
    return "\n".join(_lines(name, found))


def _lines(name: str, found: Impact) -> Iterator[str]:
    yield f"a change of {name}"
    if found.begins != (name.rpartition(".")[0],) and found.begins != (name,):
        yield from listed("is made in", found.begins)
    yield from _models("models that are computed of it", [it for it in found.models if it.computed])
    by_rows = [it for it in found.models if not it.computed]
    yield from _models("models of which it may decide on the rows, and no more", by_rows)
    yield from listed("unit tests of it", found.unit_tests)
    yield from tests_and_more(found.tests, found.metrics, found.exposures)
    yield from listed("perhaps, for they are made of what asks it while it is built", found.perhaps)
    if found.unknown:
        yield f"\nnot known: {len(found.unknown)}"
        for unknown in found.unknown:
            text = f"{unknown.model} {unknown.why}"
            yield from wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def tests_and_more(tests: Sequence[Test], metrics: Iterable[str], exposures: Iterable[str]) -> Iterator[str]:
    """Data tests by model, metrics, exposures."""
    generic = Counter(test.model for test in tests if test.model)
    counted = [f"{model} {count}" for model, count in generic.items()]
    yield from listed("data tests of what changes, by model", counted, sum(generic.values()))
    yield from listed("other data tests", [test.name for test in tests if not test.model])
    yield from listed("metrics", metrics)
    yield from listed("exposures", exposures)


def _models(title: str, models: list[Reached]) -> Iterator[str]:
    if not models:
        return
    published = sum(model.is_published for model in models)
    yield f"\n{title}: {len(models)}, published: {published} (*)"
    width = max(len(model.model) for model in models) + 6
    for model in models:
        mark = "*" if model.is_published else " "
        first = f"  {mark} {model.model:<{width - 4}}"
        yield from wrap(_what(model), WIDTH, initial_indent=first, subsequent_indent=" " * width)


def _what(model: Reached) -> str:
    """`rows; late, late_pct and 4 more`, or of a column that only other rows go into, `by rows: split`.

    Where other rows may come or go, all columns may differ: those that are computed of it are named.
    """
    parts = ["rows"] if model.rows else []
    parts += [first(model.computed)] if model.computed else []
    parts += [f"by rows: {first(model.steered)}"] if model.steered and not model.rows else []
    return "; ".join(parts)


def first(names: tuple[str, ...]) -> str:
    """The first of many names, and how many more there are."""
    if len(names) <= MOST_COLUMNS:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_COLUMNS - 1])} and {len(names) - MOST_COLUMNS + 1} more"


def listed(title: str, names: Iterable[str], count: int | None = None) -> Iterator[str]:
    """A title with how many there are, and the names; nothing where there are none."""
    found = list(names)
    if found:
        yield f"\n{title}: {len(found) if count is None else count}"
        yield from wrap(
            ", ".join(found), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
