"""A new metric: a measure or a share of two metrics in models/metrics/, and its line in docs/metrics.md."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.development.scaffold.changes import Changes
from cli.development.scaffold.project import Project
from cli.development.scaffold.templates import render
from ingestion.errors import OntimeError

MEASURES = "models/metrics/semantic_models.yml"
OTHERS = "models/metrics/metrics.yml"
"""Metrics that no single measure gives."""
PAGE = "docs/metrics.md"


@dataclass(frozen=True)
class Wanted:
    """A metric of flights: an aggregation of an expression over fct_flights, or a share of two metrics."""

    name: str
    label: str
    description: str
    aggregation: str = ""
    expression: str = ""
    share: Sequence[str] = ()
    """A metric, and the one that it is given in percent of."""


def new_metric(project: Project, wanted: Wanted) -> Changes:
    """Raises OntimeError for a name that is taken or none, and for what the expression cannot be."""
    changes = Changes(project.folder)
    labels = _labels(project.folder)
    _check(project, wanted, labels)
    if wanted.label in labels.values():
        raise OntimeError(f"another metric has the label {wanted.label!r}", "choose another one with --label")
    if wanted.share:
        changes.append(OTHERS, render("metric.yml", metric=wanted), gap="")
    else:
        measure = render("measure.yml", metric=wanted)
        changes.edit(MEASURES, lambda text: _with_measure(text, measure))
    changes.edit(PAGE, lambda text: _listed_on_page(text, wanted))
    return changes


def _labels(folder: Path) -> dict[str, str]:
    """The label of each metric that there is."""
    flights = yaml.safe_load(folder.joinpath(MEASURES).read_text(encoding="utf-8"))["semantic_models"][0]
    others = yaml.safe_load(folder.joinpath(OTHERS).read_text(encoding="utf-8"))["metrics"]
    made = [measure for measure in flights["measures"] if measure.get("create_metric")]
    return {metric["name"]: metric["label"] for metric in (*made, *others)}


def _check(project: Project, wanted: Wanted, known: Collection[str]) -> None:
    if wanted.name in known:
        raise OntimeError(
            f"{wanted.name} exists: models/metrics/", "choose another name, or edit that metric"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", wanted.name) or "__" in wanted.name:
        raise OntimeError(
            f"{wanted.name} is no name of a metric: small letters, digits and single underscores",
            "such as early_pct",
        )
    if unknown := [name for name in wanted.share if name not in known]:
        raise OntimeError(f"there is no metric {', '.join(unknown)}", "list them: ontime metrics")
    if wanted.share:
        return
    columns = project.model("fct_flights").columns
    if not set(re.findall(r"[a-z_][a-z0-9_]*", wanted.expression)).intersection(columns):
        raise OntimeError(
            f"{wanted.expression!r} has no column of fct_flights, which metrics are made of",
            "a rule gets a macro in macros/measures/ and a column of fct_flights first (CONTRIBUTING.md)",
        )


def _with_measure(text: str, measure: str) -> str:
    """The measure behind the others of the first semantic model, the flights."""
    root = yaml.compose(text, yaml.SafeLoader)
    flights = _value(root, "semantic_models").value[0]
    end = _value(flights, "measures").end_mark.line
    lines = text.splitlines(keepends=True)
    while not lines[end - 1].strip():
        end -= 1
    return "".join((*lines[:end], measure, *lines[end:]))


def _value(node: Any, key: str) -> Any:
    """What stands under a key of a YAML mapping, with the lines where it does."""
    (found,) = (value for name, value in node.value if name.value == key)
    return found


def _listed_on_page(page: str, wanted: Wanted) -> str:
    """The list of metrics as `ontime metrics` gives it, by the alphabet."""
    (block,) = re.findall(r"(?s)\nMetrics\n(.*?)\n\nBy\n", page)
    described = dict(re.findall(r"(?m)^  (\w+) +(.*)$", block)) | {wanted.name: wanted.description}
    width = max(map(len, described)) + 2
    listed = "\n".join(f"  {name:<{width}}{described[name]}" for name in sorted(described))
    return page.replace(block, listed)
