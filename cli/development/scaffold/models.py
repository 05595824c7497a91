"""A new intermediate model, and a new mart: SQL, YAML, a unit test, and where marts are listed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.development.scaffold.changes import Changes, after_last, in_order
from cli.development.scaffold.project import Column, Model, Project
from cli.development.scaffold.templates import render
from ingestion.errors import OntimeError

CHECKSUMS = "models/audit/audit_checksums.sql"
PAGE_OF_MARTS = "docs/marts.md"
MONTH = "flight_month"

# A value of each type, for the rows of a unit test.
VALUES = {
    "date": "date '2013-01-01'",
    "boolean": "true",
    "integer": "1",
    "bigint": "cast(1 as bigint)",
    "timestamp without time zone": "timestamp '2013-01-01 10:00:00'",
}


@dataclass(frozen=True)
class Wanted:
    """A model as its author thinks of it: `grain` follows "One row per", `reads` is where its rows begin."""

    name: str
    grain: str
    key: Sequence[str]
    reads: str
    is_history: bool = False
    subject: str = ""


def new_model(project: Project, wanted: Wanted) -> Changes:
    """An intermediate model. Raises OntimeError for what goes against the conventions."""
    project.check_new(wanted.name, "models/intermediate")
    read = project.model(wanted.reads)
    if read.layer not in ("staging", "intermediate"):
        raise OntimeError(
            f"{wanted.name} cannot read {read.name}: rows flow from staging to intermediate to marts",
            "name a staging or intermediate model with --reads, or make a mart: ontime new mart",
        )
    domain = wanted.name.removeprefix("int_").partition("__")[0]
    folder = f"models/intermediate/{domain}"
    return _changes(project, wanted, read, folder, f"_int_{domain}__unit_tests.yml")


def new_mart(project: Project, wanted: Wanted) -> Changes:
    """A mart, or a model of audit. Raises OntimeError for what goes against the conventions."""
    is_audit = wanted.name.startswith("audit_")
    layer = "models/audit" if is_audit else "models/marts"
    project.check_new(wanted.name, layer)
    read = project.model(wanted.reads)
    if read.layer == "staging":
        raise OntimeError(
            f"{wanted.name} cannot read {read.name}: rows flow from staging to intermediate to marts",
            "name a mart or a model of models/intermediate with --reads",
        )
    if read.config.get("materialized") == "ephemeral":
        raise OntimeError(
            f"{read.name} has all versions of each month; a mart shows those that are current",
            "read the mart that shows it, such as fct_flights, or a history model",
        )
    _check_columns(read, wanted.key)
    folder = layer if is_audit else f"{layer}/{_subject(project, wanted)}"
    unit_tests = f"_{Path(folder).name}__unit_tests.yml"
    changes = _changes(project, wanted, read, folder, unit_tests)
    read_by_name = f"-- depends_on: {{{{ ref('{wanted.name}') }}}}\n"
    changes.edit(CHECKSUMS, lambda text: in_order(read_by_name, text, "-- depends_on: "))
    changes.edit(PAGE_OF_MARTS, lambda text: _listed_on_page(project, wanted, folder, text))
    return changes


def _subject(project: Project, wanted: Wanted) -> str:
    subjects = {model.path.parts[2] for model in project.models.values() if model.layer == "marts"}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", wanted.subject):
        raise OntimeError(
            f"models/marts has a folder for each subject, and {wanted.subject or 'none'} cannot be one",
            f"name one with --subject: {', '.join(sorted(subjects))}, or a new one",
        )
    return wanted.subject


def _check_columns(read: Model, key: Sequence[str]) -> None:
    """Marts list all of their columns; of inner models only the database knows them."""
    missing = [name for name in key if name not in read.columns]
    if read.layer in ("marts", "audit") and missing:
        raise OntimeError(
            f"{read.name} has no column {', '.join(missing)}",
            f"its columns are: {', '.join(read.columns[:20])}",
        )


def _changes(project: Project, wanted: Wanted, read: Model, folder: str, unit_tests: str) -> Changes:
    is_mart = not folder.startswith("models/intermediate")
    if wanted.is_history and MONTH not in wanted.key:
        raise OntimeError("history is kept by month", f"have {MONTH} among --key, or leave --history out")
    columns = [project.column(name) for name in wanted.key]
    counts = wanted.is_history or (is_mart and wanted.name.startswith("agg_"))
    counted = project.column(
        "flights" if "flight" in read.name or "performance" in read.name else "row_count"
    )
    values = {
        "name": wanted.name,
        "grain": wanted.grain.strip().rstrip("."),
        "read": read,
        "alias": _alias(read.name),
        "columns": columns,
        "counted": Column(counted.name, "bigint", counted.description, True) if counts else None,
        "is_mart": is_mart,
        "is_history": wanted.is_history,
        # what a build makes anew cannot be below a published view: the mart is a table then
        "is_table": is_mart and not read.is_history and read.layer == "intermediate",
        "month": MONTH if MONTH in wanted.key else "",
        "literals": {
            column.name: VALUES.get(column.data_type, _text_or_number(column)) for column in columns
        },
        "relationships": _relationships(columns) if is_mart else {},
    }
    changes = Changes(project.folder)
    changes.add(f"{folder}/{wanted.name}.sql", render("model.sql", **values))
    changes.add(f"{folder}/{wanted.name}.yml", render("model.yml", **values))
    unit_test = render("model_unit_test.yml", **values)
    changes.append(f"{folder}/{unit_tests}", unit_test, beginning="unit_tests:\n")
    return changes


def _alias(name: str) -> str:
    """What the rows of a model are called: fct_flights is flights, int_performance__totals totals."""
    return name.rpartition("__")[2] if "__" in name else name.partition("_")[2]


def _text_or_number(column: Column) -> str:
    return f"cast(1 as {column.data_type})" if column.data_type.startswith("numeric") else "'A'"


def _relationships(columns: Sequence[Column]) -> dict[str, tuple[str, str]]:
    """Codes that stand in a dimension: its name and its column."""
    found = {}
    for column in columns:
        if column.name.endswith("carrier_code"):
            found[column.name] = ("dim_carriers", "carrier_code")
        elif column.name.endswith("airport_code_iata"):
            found[column.name] = ("dim_airports", "airport_code_iata")
    return found


def _listed_on_page(project: Project, wanted: Wanted, folder: str, page: str) -> str:
    """A row behind the marts of the same folder, those of the same kind first."""
    kind = wanted.name.partition("_")[0] + "_"
    siblings = [model.name for model in project.models.values() if str(model.path.parent) == folder]
    groups = (
        [name for name in siblings if name.startswith(kind)],
        siblings,
        [name for name in project.models if name.startswith(kind)],
    )
    near = next(
        names for names in groups if any(f"| `{name}`" in page or f", `{name}`" in page for name in names)
    )
    row = f"| `{wanted.name}` | {wanted.grain.strip().rstrip('.')} | |\n"
    return after_last(r"\| .*`(" + "|".join(near) + ")`", page, row)
