"""`ontime failures`: what failed last, in `ontime build` or plain dbt, with rows and where they came from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from rich.console import Console

from cli.building.failing_rows import failing_rows
from cli.building.failures import KEPT, Failure, failures_of, show_failure
from cli.server.connections import Connection, connection
from ingestion import PROJECT

OF_DBT = ("build", "test", "run", "seed")


@dataclass(frozen=True)
class Last:
    """The last run that left results: when it ended, and what failed."""

    at: datetime
    failures: list[Failure]


def last_failures(project: Path = PROJECT) -> Last | None:
    """Of the newest results: those of `ontime build`, or what plain dbt wrote. None where neither has run."""
    found = [last for last in (_of_ontime(project), _of_dbt(project)) if last is not None]
    return max(found, key=lambda last: last.at, default=None)


def show_failures(limit: int, form: str, out: IO[str], project: Path = PROJECT) -> None:
    """Write what failed last to `out`, up to `limit` rows of each test; `form` is table or json."""
    last, transformer = last_failures(project), connection("transformer")
    if form == "json":
        out.write(_as_json(last, transformer, limit) + "\n")
    else:
        _write(last, transformer, limit, Console(file=out, highlight=False, soft_wrap=True))


def _write(last: Last | None, transformer: Connection, limit: int, console: Console) -> None:
    if last is None:
        console.print("no run has left results here; build with: ontime build")
    elif not last.failures:
        console.print(f"nothing failed in the last run, which ended {last.at:%Y-%m-%d %H:%M} UTC")
    else:
        console.print(f"the last run ended {last.at:%Y-%m-%d %H:%M} UTC; rows are those that are there now")
        for failure in last.failures:
            show_failure(console, failure, transformer, limit)


def _as_json(last: Last | None, transformer: Connection, limit: int) -> str:
    failures = [] if last is None else [_with_rows(it, transformer, limit) for it in last.failures]
    ended = None if last is None else last.at.isoformat()
    return json.dumps({"ended_at_utc": ended, "failures": failures}, indent=2, default=str)


def _with_rows(failure: Failure, transformer: Connection, limit: int) -> dict[str, Any]:
    told = {name: value for name, value in asdict(failure).items() if name != "compiled_code"}
    told["next_command"] = failure.next_command
    if not failure.is_data_test:
        return told
    found = failing_rows(failure.compiled_code, transformer, limit, list(failure.models.values()))
    told["rows"] = (
        [
            dict(zip(found.columns, row, strict=True)) | {"source_record": record and asdict(record)}
            for row, record in zip(found.rows, found.records, strict=True)
        ]
        if found
        else None
    )
    return told


def _of_ontime(project: Path) -> Last | None:
    kept = _read(project / KEPT)
    if kept is None:
        return None
    return Last(datetime.fromisoformat(kept["at"]), [Failure(**failure) for failure in kept["failures"]])


def _of_dbt(project: Path) -> Last | None:
    results, manifest = (_read(project / "target" / f"{name}.json") for name in ("run_results", "manifest"))
    if results is None or manifest is None or results["args"].get("which") not in OF_DBT:
        return None
    nodes = {uid: SimpleNamespace(**node) for uid, node in _nodes(manifest).items()}
    told = [
        SimpleNamespace(
            node=_node(nodes[result["unique_id"]], result.get("compiled_code")),
            status=result["status"],
            message=result["message"],
        )
        for result in results["results"]
        if result["unique_id"] in nodes
    ]
    target = results["args"].get("target") or "dev"
    return Last(datetime.fromisoformat(results["metadata"]["generated_at"]), failures_of(told, target, nodes))


def _nodes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {**manifest["nodes"], **manifest["unit_tests"]}


def _node(node: SimpleNamespace, compiled_code: str | None) -> SimpleNamespace:
    depends_on = SimpleNamespace(**node.depends_on)
    return SimpleNamespace(**vars(node) | {"depends_on": depends_on, "compiled_code": compiled_code})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        read: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return read
