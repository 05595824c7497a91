"""What the search of the dictionary looks through, compact: assets/search.js ranks it in the browser."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.site.reference.project import Project, Relation

KINDS = ("mart", "column", "term", "metric", "model", "seed", "macro")

Entry = tuple[str, str, str, list[str]]
"""Kind, name, text, and of a column the marts that have it."""


def search_index(project: Project, marts: Iterable[Relation], terms: Mapping[str, str]) -> dict[str, Any]:
    """Entries `[kind, name, index of its text, where]`, and the texts, each once."""
    texts: dict[str, int] = {}
    entries = []
    for kind, name, text, where in found(project, list(marts), terms):
        plain = " ".join(text.split())
        entries.append([KINDS.index(kind), name, texts.setdefault(plain, len(texts)), where])
    return {"kinds": KINDS, "entries": entries, "texts": list(texts)}


def found(project: Project, marts: list[Relation], terms: Mapping[str, str]) -> Iterator[Entry]:
    """All that has a name; columns of one name and text in several marts are one entry."""
    columns: dict[tuple[str, str], list[str]] = {}
    for mart in marts:
        yield "mart", mart.name, mart.description, []
        for column in mart.columns:
            columns.setdefault((column.name, column.description), []).append(mart.name)
    for (name, text), where in columns.items():
        yield "column", name, text, where
    of_columns = {name for name, _ in columns}  # there the column says the same, and where it is
    yield from (("term", name, text, []) for name, text in terms.items() if name not in of_columns)
    for metric in project.metrics:
        yield "metric", metric.name, f"{metric.label}. {metric.description}", []
    yield from (("seed", seed.name, seed.description, []) for seed in project.layer("seeds"))
    inner = project.layer("staging", "intermediate")
    yield from (("model", model.name, model.description, []) for model in inner)
    yield from (("macro", macro.name, macro.description, []) for macro in project.macros)
