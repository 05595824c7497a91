"""`ontime build --plan`: what a build would run and why, and the rows and months that have come."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import psycopg2
from psycopg2 import sql

from cli.building.build_plan import Graph, Plan
from cli.building.build_state import Cursor
from cli.console import note
from ingestion.errors import OntimeError

INTERMEDIATE = "intermediate"


def show_plan(plan: Plan, runs: frozenset[str], graph: Graph, cursor: Cursor) -> None:
    """Print a plan; `runs` are the nodes of it that are chosen. Runs nothing."""
    note(f"would run {len(runs)} of {plan.nodes} nodes{counted(runs)}")
    if plan.everything:
        note(f"everything: {plan.everything}")
    show("because", {uid: why for uid, why in plan.reasons.items() if not why.startswith("reads ")})
    models = [uid for uid in runs if uid.startswith(("model.", "seed."))]
    show("models that run", {uid: purpose(plan, graph, uid, cursor) for uid in models})


def purpose(plan: Plan, graph: Graph, unique_id: str, cursor: Cursor) -> str:
    """What a model's run is for: `made anew`, `12 months anew`, `new rows`, and because of what."""
    why = plan.reasons.get(unique_id, "")
    if plan.kinds[unique_id] == "data":
        what = "missing months" if graph.is_history(unique_id) else "new rows"
    else:
        what = built_anew(unique_id.split(".")[-1], cursor) if graph.is_history(unique_id) else "made anew"
    return f"{what}; {why}" if why else what


def built_anew(model: str, cursor: Cursor) -> str:
    """How many months, or files, of a history model there are, and their rows."""
    try:
        cursor.execute("savepoint counting")
        cursor.execute(
            sql.SQL(
                "select count(distinct version_id), count(*) from {} where version_id in "
                "(select version_id from marts.month_versions where known_to_utc is null)"
            ).format(sql.Identifier(INTERMEDIATE, model))
        )
        ((versions, rows),) = cursor.fetchall()
    except psycopg2.Error:  # it was never built, or nothing is published yet
        cursor.execute("rollback to counting")
        return "built for all months"
    return f"{versions:,} months anew, {rows:,} rows so far" if versions else "all its versions anew"


def show_news(manifest: Any, target: str) -> None:
    """The rows of files that came since the publication, by month. OntimeError when dbt cannot count."""
    from dbt.cli.main import dbtRunner

    command = ["--log-level", "none", "--quiet", "show", "--target", target, "--limit", "-1"]
    outcome = dbtRunner(manifest=manifest).invoke([*command, "--inline", "{{ rows_of_new_files() }}"])
    if outcome.exception is not None or not outcome.success:
        raise OntimeError(
            f"the rows of new files cannot be counted: {outcome.exception}",
            "their staging models are not built yet; build without --plan",
        )
    rows = outcome.result.results[0].agate_table.rows  # type: ignore[union-attr]
    if rows:
        note("new files")
    for source, entity, month, files, count in rows:
        of_month = f" of {month:%Y-%m}" if month else ""
        note(f"  {source}.{entity}: {int(count):,} rows{of_month} in {files} file{'s' if files != 1 else ''}")


def show(title: str, texts: dict[str, str]) -> None:
    if texts:
        note(title)
    for unique_id, text in sorted(texts.items()):
        note(f"  {short(unique_id)}: {text}")


def short(unique_id: str) -> str:
    """`agg_month` of a model, `bts.files` of a source, the name of a test without its hash."""
    kind, _, name = unique_id.split(".", 2)
    return name if kind == "source" else name.split(".")[0]


def counted(runs: Iterable[str]) -> str:
    """`: 3 models, 41 tests`."""
    words = {"model": "models", "seed": "seeds", "test": "tests", "unit_test": "unit tests"}
    counts = Counter(words[uid.split(".")[0]] for uid in runs)
    return ": " + ", ".join(f"{count} {word}" for word, count in counts.items()) if counts else ""
