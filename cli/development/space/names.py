"""Whose own space it is, and what its schemas are called."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml
from jinja2 import Environment

from cli.building.build_state import Cursor
from cli.environment import variables
from ingestion import PROJECT
from ingestion.errors import OntimeError

TARGET = "dev"
USER = "ONTIME_DEV_USER"
"""The variable that names another space than that of the user of the machine."""

OWNED = "own space of "
"""How the comment on each schema of a space begins; a publication knows them by it (macros/publish/)."""

# Those of the project's models (dbt_project.yml), of marks of versions, and of production's marts by month.
KINDS = ("staging", "intermediate", "marts", "seeds", "warehouse", "ops", "production")


@dataclass(frozen=True)
class Space:
    """`prefix` is what dbt calls the schema of target dev; `owner` the name that it was made of."""

    owner: str
    prefix: str

    def schema(self, kind: str) -> str:
        assert kind in KINDS, kind
        return f"{self.prefix}_{kind}"

    @property
    def schemas(self) -> list[str]:
        """All that are ours: named one by one, for `dev_ann_%` would be those of ann_b as well."""
        return [self.schema(kind) for kind in KINDS]

    @property
    def comment(self) -> str:
        return OWNED + self.owner

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let dbt in this process find the same space."""
        with variables({USER: self.owner}):
            yield


def own_space() -> Space:
    """The space of who runs this. How its name is made of the user's stands in profiles.yml."""
    owner = os.environ.get(USER) or os.environ.get("USER") or "analyst"
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    template = Environment(autoescape=False).from_string(profile["ontime"]["outputs"][TARGET]["schema"])  # noqa: S701 - no HTML

    def env_var(name: str, default: str = "") -> str:
        return owner if name == USER else os.environ.get(name, default)

    return Space(owner, template.render(env_var=env_var, modules={"re": re}))


def check_owner(cursor: Cursor, space: Space) -> None:
    """Raise OntimeError where another user's name makes the same schemas: `ann.b` and `ann-b`."""
    for schema, owner in owners(cursor, space).items():
        if owner not in (None, space.owner):
            raise OntimeError(
                f"{schema} is of {owner!r}, whose name makes the same schemas as {space.owner!r}",
                f"choose a name of your own: export {USER}=...",
            )


def owners(cursor: Cursor, space: Space) -> dict[str, Any]:
    """The space's schemas that are there, with the user whose they are; None where plain dbt made them."""
    cursor.execute(
        "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace where nspname = any(%s)",
        [space.schemas],
    )
    return {
        schema: comment.removeprefix(OWNED) if comment and comment.startswith(OWNED) else None
        for schema, comment in cursor.fetchall()
    }
