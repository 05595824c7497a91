"""What SQL can ask for without dbt: the project's macros, and what dbt gives to them. For the commit hook.

sqlfluff's jinja templater puts every name of this module into the context of each file. Macros run as while
dbt parses: `execute` is false and the graph is empty, so that macros that ask the database find nothing to
build, and loops over the graph have no turn. What really runs is linted by `make test`.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from jinja2 import Environment, nodes, pass_context
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from sqlfluff.core.templaters.builtins.dbt import DBT_BUILTINS, MacroReturn, RelationEmulator

MACROS = Path(__file__).resolve().parents[3] / "macros"


@pass_context
def _dispatch(context: Context, macro_name: str, *_: object) -> Callable[..., Any]:
    """The Postgres spelling of a macro."""
    spelling: Callable[..., Any] = context[f"default__{macro_name}"]
    return spelling


def _relation(identifier: str, **_: str) -> RelationEmulator:
    return RelationEmulator(identifier)


def _env_var(name: str, default: str = "") -> str:
    return default


GIVEN_BY_DBT = {
    **DBT_BUILTINS,
    "adapter": SimpleNamespace(dispatch=_dispatch),
    "api": SimpleNamespace(Relation=SimpleNamespace(create=_relation)),
    "env_var": _env_var,
    "execute": False,
    "flags": SimpleNamespace(WHICH="parse", EMPTY=False, SAMPLE=None),
    "graph": {"nodes": {}, "sources": {}},
    "model": {
        "name": "this_model",
        "config": {},
        "depends_on": {"nodes": ["model.ontime.a_mart"], "macros": []},
    },
    "modules": SimpleNamespace(re=re),
    "project_name": "ontime",
    "selected_resources": [],
    "target": SimpleNamespace(name="dev", type="postgres", database="ontime", schema="dev"),
}


class OtherTags(Extension):
    """dbt's tags beside `macro`: what stands in them no model calls."""

    tags = {"materialization", "test"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        tag = next(parser.stream).value
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        parser.parse_statements((f"name:end{tag}",), drop_needle=True)
        return []


def project_macros() -> dict[str, Macro]:
    """All macros of the project as one template, so that they find each other.

    `return` ends the macro that says it, as in dbt; to sqlfluff it ends the outermost one.
    """
    invoke = Macro._invoke

    def invoke_until_return(macro: Macro, arguments: list[Any], autoescape: bool) -> Any:
        try:
            return invoke(macro, arguments, autoescape)
        except MacroReturn as returned:
            return returned.value

    Macro._invoke = invoke_until_return  # type: ignore[method-assign, assignment]
    text = "\n".join(path.read_text() for path in sorted(MACROS.rglob("*.sql")))
    template = Environment(extensions=["jinja2.ext.do", OtherTags]).from_string(text, globals=GIVEN_BY_DBT)  # noqa: S701
    return {name: value for name, value in vars(template.module).items() if isinstance(value, Macro)}


def once() -> dict[str, Macro]:
    """The macros, compiled when they are first asked for: sqlfluff imports this module anew for each file."""
    kept = sys.modules.setdefault("project_macros", ModuleType("project_macros"))
    if not hasattr(kept, "macros"):
        kept.macros = project_macros()  # type: ignore[attr-defined]
    macros: dict[str, Macro] = kept.macros
    return macros


globals().update(GIVEN_BY_DBT | once())
