"""Where production has models and seeds, and which of them are there: what own spaces and previews read."""

from typing import Any

from cli.building.build_plan import MARTS
from cli.building.build_state import Cursor


def relations_there(cursor: Cursor) -> set[str]:
    """All tables and views of the database, as `schema.name`."""
    cursor.execute(
        "select relnamespace::regnamespace::text || '.' || relname from pg_class"
        " where relkind in ('r', 'v', 'm', 'p')"
    )
    return {name for (name,) in cursor.fetchall()}


def is_mart(node: Any) -> bool:
    return bool(node.config.schema == MARTS)


def published_name(node: Any) -> str:
    """Where production has a model or seed, as `schema.name`: of a mart, what readers see."""
    return f"{MARTS if is_mart(node) else node.schema}.{node.alias}"
