"""Build the small warehouse of the mutants on Postgres and on Spark, and show what differs in the marts.

    python -m tests.parity

Takes Java and what `make spark` installs. Exit code 1 when a build fails or a cell differs.
"""

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.console import note
from cli.server.connections import connection
from cli.server.settings import ACTIVATED_HOST
from cli.spark.cluster import Cluster, cluster
from cli.spark.lake import land
from cli.spark.settings import NAMED
from cli.spark.thrift import session
from tests.mutation.bench import TEMPLATE, build_template
from tests.parity.compare import Difference, differences
from tests.projects import ProjectCopy
from tests.servers import running_server
from tests.templates import on_database


def main() -> int:
    """Returns the exit code."""
    for name in [name for name in os.environ if name.startswith("PG") or name in (ACTIVATED_HOST, NAMED)]:
        del os.environ[name]
    with TemporaryDirectory(prefix="ontime-parity-") as folder, running_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        build_template(Path(folder))
        ours = cluster()
        try:
            with on_database(TEMPLATE):
                ours.start(note)
                project = ProjectCopy(Path(folder) / "template")
                failed = build_on_spark(project, ours)
                found = [] if failed else compare_marts(project)
        finally:
            ours.stop()
    for difference in found[:200]:
        print(difference)
    print(failed or f"{len(found)} cells or rows differ")
    return 1 if found or failed else 0


def build_on_spark(project: ProjectCopy, ours: Cluster) -> str:
    """Land what the database has, and build everything there. What failed, or an empty text."""
    began = time.monotonic()
    landed = land(ours.lake, note)
    note(f"{landed.rows:,} rows landed: {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    built, _ = project.dbt_results(
        "build", "--target", "spark", "--exclude-resource-type", "unit_test", **{NAMED: ours.address}
    )
    note(f"built on Spark: {time.monotonic() - began:.0f} s")
    if built.exception:
        return str(built.exception)
    for result in sorted(built.result.results, key=lambda result: -result.execution_time)[:10]:
        note(f"{result.execution_time:6.1f} s  {result.node.unique_id}")
    return "\n".join(
        f"{result.status} {result.node.unique_id}: {str(result.message)[:700]}"
        for result in built.result.results
        if result.status not in ("success", "pass", "warn")
    )


def compare_marts(project: ProjectCopy) -> list[Difference]:
    """All marts, row by row."""
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
    found: list[Difference] = []
    keys = keys_of(manifest)
    with (
        closing(connection("transformer").connect()) as opened,
        opened.cursor() as postgres,
        session() as spark,
    ):
        for unique_id, node in manifest["nodes"].items():
            if node["resource_type"] != "model" or node["config"]["schema"] != "marts":
                continue
            columns = list(node["columns"])
            question = f"select {', '.join(columns)} from {{}}.{node['name']}"
            postgres.execute(question.format("marts"))
            spark.execute(question.format("warehouse_marts"))
            here, theirs = postgres.fetchall(), spark.fetchall()
            part = differences(node["name"], columns, keys[unique_id], here, theirs)
            note(f"{node['name']}: {len(here)} rows, {len(part)} differ")
            found += part
    return found


def keys_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """The columns of each mart's key: a constraint of its table, or a test of its view."""
    keys: dict[str, list[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            for constraint in node["constraints"]:
                if constraint["type"] == "primary_key":
                    keys[unique_id] = constraint["columns"]
        elif (test := node.get("test_metadata")) and test["name"] in ("unique", "unique_combination"):
            arguments = test["kwargs"]
            columns = arguments.get("columns") or [arguments["column_name"]]
            keys.setdefault(node["attached_node"], columns)
    return keys


if __name__ == "__main__":
    sys.exit(main())
