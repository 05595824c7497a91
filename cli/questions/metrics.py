"""`ontime metrics`: metrics asked by name, by whatever they can be divided by.

The definitions stand in models/metrics/. MetricFlow turns a question into one SQL statement over
published marts, and `cli.questions.query` asks it as role reporter.
"""

import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.optimizer.optimization_levels import SqlOptimizationLevel
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow_semantics.errors.error_classes import MetricFlowException
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from cli.console import nearest
from cli.environment import variables
from cli.files import stats_below
from cli.server.connections import connection
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

DEFINED_IN = ("models", "macros", "dbt_project.yml")
PUBLISHED = "marts"
KEPT = "semantic_manifest.json"

PERIODS = ("day", "week", "month", "quarter", "year")
KEY_OF_A_ROW = "flight"  # dividing by it is no question
DECIMALS = 4
LIST = "ontime metrics lists what there is"

# A text or a name of SQL; the names that we know become MetricFlow's.
TEXT_OR_NAME = re.compile(r"'(?:[^']|'')*'|[A-Za-z_]\w*")


@dataclass(frozen=True)
class Question:
    """Names of metrics, and what to divide them by.

    `where` is SQL over what they can be divided by, `having` over the columns of the answer; `months` are
    such as 2013-06..2013-08. Names in `order` may begin with `-`, which turns the order around; without any
    it is that of `by`.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: str = ""
    months: tuple[str, ...] = ()
    having: str = ""
    order: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class GroupBy:
    """What metrics can be divided by: its column in MetricFlow's SQL, and what it is called in filters."""

    column: str
    filter: str
    description: str


class Metrics:
    """The metrics of a project, from the manifest that dbt wrote of them."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        lookup = SemanticManifestLookup(
            parse_manifest_from_dbt_generated_manifest(
                json.dumps(_without_copies(of_published_marts(manifest)))
            )
        )
        self._engine = MetricFlowEngine(lookup, cast(SqlClient, _PostgresDialect()))

    @cached_property
    def descriptions(self) -> dict[str, str]:
        """Each metric with its description on one line."""
        return {
            metric.name: _on_one_line(metric.description)
            for metric in self._engine.list_metrics(include_dimensions=False)
        }

    @cached_property
    def group_bys(self) -> dict[str, GroupBy]:
        """What all metrics can be divided by, by name.

        A dimension is called `carrier__carrier_name`, and `carrier_name` as well where no other one ends so.
        """
        found = {
            period: GroupBy(
                f"metric_time__{period}",
                f"TimeDimension('metric_time', '{period}')",
                f"The {period} of the flight, by its first day."
                if period != "day"
                else "The day of the flight.",
            )
            for period in PERIODS
        }
        metrics = list(self.descriptions)
        for entity in self._engine.entities_for_metrics(metrics):
            if entity.name != KEY_OF_A_ROW:
                found[entity.name] = GroupBy(
                    entity.name, f"Entity('{entity.name}')", _on_one_line(entity.description)
                )
        dimensions = [it for it in self._engine.list_dimensions(metrics) if it.type.value == "categorical"]
        names = Counter(dimension.name for dimension in dimensions)
        for dimension in dimensions:
            name = dimension.dunder_name
            found[name] = GroupBy(name, f"Dimension('{name}')", _on_one_line(dimension.description))
            if names[dimension.name] == 1:
                found[dimension.name] = found[name]
        return found

    def sql(self, question: Question) -> str:
        """The statement that answers a question. Raises OntimeError for names that are not defined."""
        for name in question.metrics:
            _check(name, self.descriptions, "metric")
        for name in question.by:
            _check(name, self.group_bys, "way to divide metrics by")
        for name in question.order:
            _check(name.removeprefix("-"), (*question.metrics, *question.by), "column of this answer")
        request = MetricFlowQueryRequest.create(
            metric_names=question.metrics,
            group_by_names=[self.group_bys[name].column for name in question.by],
            where_constraints=self._filters(question),
            # Subqueries, no CTEs: into one that is used twice, Postgres reads the history before it filters.
            sql_optimization_level=SqlOptimizationLevel.O4,
        )
        try:
            explained = self._engine.explain(request)
        except MetricFlowException as error:
            raise OntimeError(f"MetricFlow cannot answer this: {error}".strip(), LIST) from None
        return self._presented(question, explained.sql_statement.without_descriptions.sql)

    def _filters(self, question: Question) -> list[str]:
        filters = [self._filter(question.where)] if question.where.strip() else []
        if question.months:
            months = ", ".join(f"'{month}'" for month in months_of(question.months))
            filters.append(f"{{{{ {self.group_bys['flight_month'].filter} }}}} in ({months})")
        return filters

    def _filter(self, where: str) -> str:
        """`carrier = 'UA'` as MetricFlow writes it; a filter that is written so already stays as it is."""
        if "{{" in where:
            return where

        def named(found: re.Match[str]) -> str:
            known = self.group_bys.get(found[0].lower())
            return f"{{{{ {known.filter} }}}}" if known else found[0]

        return TEXT_OR_NAME.sub(named, where)

    def _presented(self, question: Question, answer: str) -> str:
        """MetricFlow's statement with the names that were asked for, days as dates, and rounded figures."""
        columns = []
        for name in question.by:
            column = f'"{self.group_bys[name].column}"'
            columns.append(f'{f"cast({column} as date)" if name in PERIODS else column} as "{name}"')
        columns += [
            f'trim_scale(round(cast("{name}" as numeric), {DECIMALS})) as "{name}"'
            for name in question.metrics
        ]
        order = question.order or question.by
        ordered = [
            f'"{name.removeprefix("-")}"{" desc nulls last" if name.startswith("-") else ""}'
            for name in order
        ]
        return "\n".join(
            [
                "with metrics as (",
                "select\n    " + ",\n    ".join(columns),
                f"from (\n{answer}\n) as answer",
                ")\nselect * from metrics",
                *([f"where {question.having}"] if question.having.strip() else []),
                *(["order by " + ", ".join(ordered)] if ordered else []),
                *([f"limit {question.limit}"] if question.limit is not None else []),
            ]
        )


class _PostgresDialect:
    """What MetricFlow asks of a client that only writes SQL."""

    sql_engine_type = SqlEngine.POSTGRES
    sql_plan_renderer = PostgresSQLSqlPlanRenderer()


def read_metrics(project: Path = PROJECT, warm: Callable[[], Path | None] = lambda: None) -> Metrics:
    """The metrics as they are defined now. Raises OntimeError when dbt cannot read the project.

    What was read last is kept; only when a definition is newer, the project is read anew: by the process
    that keeps dbt warm, which `warm` asks for the file, else by dbt here.
    """
    kept = project / "target" / KEPT
    if not kept.exists() or kept.stat().st_mtime < _last_change(project):
        began = time.time()
        kept.parent.mkdir(exist_ok=True)
        if read := warm():
            shutil.copyfile(read, kept)
        else:
            _parse(project)
        os.utime(kept, (began, began))  # what was edited meanwhile may not be in it
    return Metrics(json.loads(kept.read_text(encoding="utf-8")))


def of_published_marts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the marts' published names, whatever schema and database dbt last built them in."""
    renamed: dict[str, Any] = json.loads(json.dumps(manifest))
    for holder in (*renamed["semantic_models"], *renamed["project_configuration"]["time_spines"]):
        relation = holder["node_relation"]
        relation["relation_name"] = f"{PUBLISHED}.{relation['alias']}"
    return renamed


def _without_copies(manifest: dict[str, Any]) -> dict[str, Any]:
    """Without the expressions that dbt copies from a measure into the metric that it makes of it.

    MetricFlow takes the measure's, and warns of the copy where it has made a sum of a count.
    """
    for metric in manifest["metrics"]:
        if metric["type_params"]["measure"]:
            metric["type_params"]["expr"] = None
    return manifest


def listing(metrics: Metrics) -> str:
    """The metrics, and what they can be divided by, each by its shortest name, for people."""
    names: dict[GroupBy, str] = {}
    for name, found in metrics.group_bys.items():
        names[found] = min(name, names.get(found, name), key=len)
    sections = {
        "Metrics": metrics.descriptions,
        "By": {name: found.description for found, name in names.items()},
    }
    lines = []
    for heading, described in sections.items():
        width = max(map(len, described)) + 2
        lines += [heading, *(f"  {name:<{width}}{text}" for name, text in described.items()), ""]
    return "\n".join(lines[:-1])


def _check(name: str, known: Iterable[str], kind: str) -> None:
    names = list(known)
    if name not in names:
        raise OntimeError(f"there is no {kind} `{name}`", f"{nearest(name, names)} {LIST}".strip())


def _last_change(project: Path) -> float:
    """Seconds since 1970 of the last change; a folder changes when a file in it comes or goes."""
    places = [project / name for name in DEFINED_IN]
    return max(status.st_mtime for _, status in stats_below(*places))


def _parse(project: Path) -> None:
    """Let dbt read what changed since the last build: it reads all anew on a connection of another name."""
    from dbt.cli.main import dbtRunner
    from dbt.parser.manifest import write_semantic_manifest

    try:
        server = connection("transformer").environment()
    except OntimeError:  # without a server metrics can be listed all the same
        server = {}
    folder = str(project)
    with variables(server):
        parsed = dbtRunner().invoke(
            [
                *("--log-level", "none", "--no-write-json", "parse", "--target", "prod"),
                *("--project-dir", folder, "--profiles-dir", folder, "--target-path", f"{folder}/target"),
            ]
        )
    if not parsed.success:
        raise OntimeError(f"dbt cannot read the project: {parsed.exception}", "see: dbt parse")
    write_semantic_manifest(cast(Any, parsed.result), f"{folder}/target")


def _on_one_line(text: str | None) -> str:
    return " ".join((text or "").split())
