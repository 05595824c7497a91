"""What a build that published made of each mart, as a file: for orchestration/airflow, which shows it."""

import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = "ONTIME_RUN_RESULTS"
"""Names the folder. Without it nothing is written."""


def keep_mart_results(nodes: Mapping[str, Any], results: Iterable[Any]) -> None:
    """Write the marts that are new as a file of their own, each `mart, seconds, rows`.

    `nodes` are dbt's manifest's, `results` those of the nodes that ran. A mart is new when it ran, or when it
    is a view that stands and reads what is new. `rows` are those that the build wrote: of a table its own, of
    a view the most that one history got which it reads.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    from dbt_common.invocation import get_invocation_id

    ran = {result.node.unique_id: result for result in results if result.node.resource_type == "model"}

    def reads(uid: str) -> Iterable[str]:
        return [read for read in nodes[uid].depends_on_nodes if read in nodes]

    def is_mart(uid: str) -> bool:
        return bool(nodes[uid].config.get("schema") == "marts")

    def is_view(uid: str) -> bool:
        return nodes[uid].config.materialized in ("view", "ephemeral")

    @cache
    def rows(uid: str) -> int:
        if is_view(uid):
            return max((rows(read) for read in reads(uid) if not is_mart(read)), default=0)
        return max(0, ran[uid].adapter_response.get("rows_affected", 0)) if uid in ran else 0

    @cache
    def is_new(uid: str) -> bool:
        if uid not in ran:
            return any(map(is_new, reads(uid)))
        return is_mart(uid) or is_view(uid) or rows(uid) > 0

    marts = [
        {
            "mart": node.name,
            "seconds": round(ran[uid].execution_time, 2) if uid in ran else 0,
            "rows": rows(uid),
        }
        for uid, node in sorted(nodes.items())
        if node.resource_type == "model" and is_mart(uid) and is_new(uid)
    ]
    Path(folder, f"{get_invocation_id()}.json").write_text(json.dumps(marts))
