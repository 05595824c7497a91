"""Marts as assets: a build announces those that it published, and other DAGs run when one is announced.

    from orchestration.airflow.marts import mart

    with DAG("on_time_report", schedule=[mart("agg_carrier_month")]):
        ...

An asset's address is postgres://HOST:PORT/DATABASE/marts/NAME.
"""

import json
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, AssetAlias

from orchestration.airflow.warehouse import address

MARTS = AssetAlias("ontime_marts")
"""What builds announce: which marts, they know when they have run."""


def mart(name: str) -> Asset:
    """The asset of one mart."""
    return Asset(f"{address()}/marts/{name}")


def announce(results: Path, events: Any) -> list[str]:
    """Announce the marts whose results builds left in a folder (cli/building/mart_results.py); their names.

    Each event says in `extra` how it was built: `seconds`, and `rows` that the build wrote.
    """
    built = {
        made.pop("mart"): made for file in sorted(results.iterdir()) for made in json.loads(file.read_text())
    }
    place = address() if built else ""
    for name, made in built.items():
        events.add(Asset(f"{place}/marts/{name}"), extra=made)
    return list(built)
