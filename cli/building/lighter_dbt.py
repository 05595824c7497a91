"""dbt in this process, without work that nobody asks for."""

import gc
import re
from collections.abc import Sequence
from typing import Any

import dbt.compilation

BEGINS_WITH = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*with\b(?:\s+recursive\b)?", re.IGNORECASE | re.DOTALL)
"""A query's `with` and the comments before it."""


def make_dbt_lighter() -> None:
    """Let dbt look for garbage seldom, and not make a tree of all words of a model to find its first one."""
    # its objects live on until it ends: a tenth of its CPU went into looking for garbage among them
    gc.set_threshold(200_000, 20, 20)
    setattr(dbt.compilation, "inject_ctes_into_sql", with_ctes_before)  # noqa: B010 - mypy refuses it else


def with_ctes_before(sql: str, ctes: Sequence[Any]) -> str:
    """A query with the SQL of ephemeral models, or of a unit test's rows, before its own `with`."""
    if not ctes:
        return sql
    added = ",".join(cte.sql for cte in ctes)
    begin = BEGINS_WITH.match(sql)
    return f"{begin[0]}{added}, {sql[begin.end() :]}" if begin else f"with {added} {sql}"
