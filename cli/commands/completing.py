"""The names that Tab completes: read from the project's files, so that an answer takes no dbt and no server.

@click.argument("model", shell_complete=models)
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ingestion import PROJECT

SEMANTIC_MODELS = PROJECT / "models" / "metrics" / "semantic_models.yml"
METRICS = SEMANTIC_MODELS.with_name("metrics.yml")
JOBS = PROJECT / "orchestration" / "jobs.toml"

PERIODS = ("day", "week", "month", "quarter", "year")

Completions = list[CompletionItem]


def models(_: click.Context, __: click.Parameter, begun: str) -> Completions:
    """Names of models, with dbt's `+` before them."""
    plus = begun[: len(begun) - len(begun.lstrip("+"))]
    names = sorted(path.stem for path in PROJECT.joinpath("models").rglob("*.sql"))
    return [CompletionItem(plus + name) for name in names if name.startswith(begun[len(plus) :])]


def sources(_: click.Context, __: click.Parameter, begun: str) -> Completions:
    """What `ontime load` knows: modules that declare a source, and files that declare a database."""
    folder = PROJECT / "ingestion" / "sources"
    declares = re.compile(r"(?m)^[A-Z]\w* = Source\(")
    modules = [file.stem for file in folder.glob("*.py") if declares.search(_text(file))]
    return _beginning([*modules, *(file.stem for file in folder.glob("*.toml")), "database"], begun)


def jobs(_: click.Context, __: click.Parameter, begun: str) -> Completions:
    """The jobs of orchestration/jobs.toml."""
    return _beginning(re.findall(r"(?m)^\[(\w+)\]$", _text(JOBS)), begun)


def metrics(_: click.Context, __: click.Parameter, begun: str) -> Completions:
    """Names of metrics; after a comma the next one."""
    made = (it["name"] for it in _semantic_models()[0]["measures"] if it.get("create_metric"))
    return _listed([*made, *re.findall(r"(?m)^  - name: (\w+)$", _text(METRICS))], begun)


def group_bys(_: click.Context, __: click.Parameter, begun: str) -> Completions:
    """What metrics can be divided by; after a comma the next one."""
    return _listed(names_of_group_bys(), begun)


def names_of_group_bys() -> list[str]:
    """The shortest name of each: with its entity where two tables have a column of that name."""
    flights, *others = _semantic_models()
    entities = [entity["name"] for entity in flights["entities"] if entity["type"] == "foreign"]
    own = [dimension["name"] for dimension in flights["dimensions"] if dimension["type"] == "categorical"]
    joined = [
        (next(entity["name"] for entity in model["entities"]), dimension["name"])
        for model in others
        for dimension in model["dimensions"]
    ]
    times = Counter(name for _, name in joined)
    return [
        *PERIODS,
        *entities,
        *own,
        *(name if times[name] == 1 else f"{entity}__{name}" for entity, name in joined),
    ]


def _semantic_models() -> list[dict[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it is there: a tenth of the time
    found: list[dict[str, Any]] = yaml.load(_text(SEMANTIC_MODELS), loader)["semantic_models"]  # noqa: S506
    return found


def _listed(names: Iterable[str], begun: str) -> Completions:
    """The last of the names in `carrier,mon`, with those before it."""
    before, comma, last = begun.rpartition(",")
    taken = before.split(",")
    return [CompletionItem(before + comma + name) for name in _matching(names, last) if name not in taken]


def _beginning(names: Iterable[str], begun: str) -> Completions:
    return [CompletionItem(name) for name in _matching(names, begun)]


def _matching(names: Iterable[str], begun: str) -> Iterator[str]:
    return (name for name in sorted(names) if name.startswith(begun))


def _text(path: Path) -> str:
    """Empty where the file is not there: Tab has no place for an error."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
