"""What dbt gives to Jinja and sqlfluff's own stand-in for dbt leaves out: the commit hook needs no dbt.

sqlfluff's jinja templater puts every name of this module beside the project's macros. `execute` is false, as
while dbt parses: macros that ask the database return at once, and loops over the graph are empty. What really
runs is linted by `make test`.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def _dispatch(context: Context, macro_name: str, *_: object) -> Callable[..., Any]:
    """The Postgres spelling of a macro; it stands in the file of the macro that asks for it."""
    spelling: Callable[..., Any] = context[f"default__{macro_name}"]
    return spelling


adapter = SimpleNamespace(dispatch=_dispatch)
execute = False
target = SimpleNamespace(name="dev", type="postgres", database="ontime", schema="dev")

# Stand-ins for macros/versions/building.sql and pending.sql, whose answers come from the database.
_NOTHING_TO_BUILD = SimpleNamespace(rows="(select 1, 1, 1)", reads="1")


def files_to_build(landed: dict[str, str]) -> SimpleNamespace:
    return _NOTHING_TO_BUILD


def months_to_build_from_files() -> SimpleNamespace:
    return _NOTHING_TO_BUILD


def months_to_build_from(model_name: str) -> SimpleNamespace:
    return _NOTHING_TO_BUILD


def releases_to_compare(model_name: str) -> SimpleNamespace:
    return _NOTHING_TO_BUILD


def editions_to_compare(landed: dict[str, str]) -> SimpleNamespace:
    return _NOTHING_TO_BUILD


def history_above(model_name: str) -> str:
    return model_name


def pending_months() -> str:
    return "cast(null as date)"


def pending_versions() -> str:
    return "cast(null as bigint)"
