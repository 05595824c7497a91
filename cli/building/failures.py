"""After a failed build: which test, some of its rows, the model's file, the command to look closer.

What failed is kept in target/failures.json until the next build, for `ontime failures`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.building.failing_rows import failing_rows, show_rows
from cli.server.connections import Connection
from ingestion import PROJECT

ROWS_SHOWN = 5
KEPT = Path("target", "failures.json")
OWN_SPACE = "dev"  # the target of `ontime dev build`


@dataclass(frozen=True)
class Failure:
    """A node that failed; `compiled_code` is that of a data test, and finds its rows again.

    `models` are those that a test reads, the one that it is attached to first, by the names of their
    relations.
    """

    name: str
    kind: str
    status: str
    message: str
    description: str
    file: str
    target: str
    models: dict[str, str]
    compiled_code: str = ""

    @property
    def is_data_test(self) -> bool:
        return self.kind == "test" and self.status in ("fail", "warn")

    @property
    def whole_build(self) -> str:
        return "ontime dev build" if self.target == OWN_SPACE else "ontime build"

    @property
    def next_command(self) -> str:
        if self.target == OWN_SPACE:  # of which dbt knows no inputs that are production's
            return "ontime failures --limit 50" if self.is_data_test else self.whole_build
        if self.is_data_test:
            return f"dbt show --target {self.target} --limit 50 --select {self.name}"
        # a hook, such as the publication, is no node to select
        return self.whole_build if self.kind == "operation" else f"ontime build --select {self.name}"


def report_failures(outcome: Any, transformer: Connection, target: str, nodes: Any = None) -> None:
    """Print every failure of a dbt run on `target` to stderr, and keep them; nothing when there is none.

    What was skipped because of a failure is counted only: it says nothing new. `nodes` are dbt's, by
    unique_id, and say where the models are that a test reads.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    failures = failures_of(outcome.results, target, nodes or {})
    keep_failures(failures)
    for failure in failures:
        show_failure(console, failure, transformer, ROWS_SHOWN)
    skipped = sum(str(result.status) == "skipped" for result in outcome.results)
    if skipped:
        console.print(f"{skipped} nodes were skipped because of that")


def failures_of(results: Iterable[Any], target: str, nodes: Any) -> list[Failure]:
    """What failed among dbt's results, and the warnings."""
    return [
        Failure(
            name=result.node.name,
            kind=str(result.node.resource_type),
            status=str(result.status),
            message=str(result.message),
            description=getattr(result.node, "description", "") or "",
            file=result.node.original_file_path,
            target=target,
            models=tested_models(result.node, nodes),
            compiled_code=getattr(result.node, "compiled_code", "") or "",
        )
        for result in results
        if str(result.status) in ("fail", "error", "runtime error")
        or (str(result.status) == "warn" and str(result.node.resource_type) == "test")
    ]


def keep_failures(failures: Sequence[Failure]) -> None:
    """For `ontime failures`: of the last run alone, also where nothing failed."""
    path = PROJECT / KEPT
    path.parent.mkdir(exist_ok=True)
    kept = {"at": datetime.now(UTC).isoformat(), "failures": [asdict(failure) for failure in failures]}
    path.write_text(json.dumps(kept, indent=1))


def show_failure(console: Console, failure: Failure, transformer: Connection, limit: int) -> None:
    if failure.is_data_test:
        show_test(console, failure, transformer, limit)
    else:
        show_error(console, failure)


def show_test(console: Console, failure: Failure, transformer: Connection, limit: int) -> None:
    """A test that found rows: up to `limit` of them, and of the first what its source said."""
    console.print(f"\n{failure.status.upper()} {failure.name}: {failure.message}", style="bold", markup=False)
    if failure.description:
        console.print(f"  {failure.description}", markup=False)
    for model in failure.models:
        console.print(f"  model  {model_file(model)}", markup=False)
    console.print(f"  test   {failure.file}", markup=False)
    found = failing_rows(failure.compiled_code, transformer, limit, list(failure.models.values()))
    show_rows(console, found)
    console.print(f"  -> look closer: {failure.next_command}", markup=False)
    record = next((record for record in found.records if record), None) if found else None
    if record is not None:
        console.print(f'  -> what the source said: psql -xc "{record.question}"', markup=False)


def show_error(console: Console, failure: Failure) -> None:
    """A model, seed, unit test or hook that could not be run, or a unit test that failed."""
    console.print(f"\nERROR {failure.name}", style="bold", markup=False)
    console.print(f"  file   {failure.file}", markup=False)
    console.print(f"  {failure.message}", markup=False)
    remedy = f"after the repair: {failure.whole_build}"
    if failure.next_command != failure.whole_build:
        remedy += f", or only this: {failure.next_command}"
    console.print(f"  -> {remedy}", markup=False)


def tested_models(node: Any, nodes: Any) -> dict[str, str]:
    """The models that a test reads and their relations, the one it is attached to first."""
    if str(node.resource_type) != "test":
        return {}
    attached = getattr(node, "attached_node", None)
    read = [attached] if attached else []
    read += [uid for uid in node.depends_on.nodes if uid not in read]
    return {
        uid.split(".", 2)[2]: f"{nodes[uid].schema}.{nodes[uid].alias}" if uid in nodes else ""
        for uid in read
    }


def model_file(name: str) -> str:
    """Path of a model's SQL in the project; of a seed or source, its name."""
    files = PROJECT.glob(f"models/**/{name}.sql")
    return next((str(file.relative_to(PROJECT)) for file in files), name)
