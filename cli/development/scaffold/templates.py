"""The templates of `ontime new`, in templates/. Their tags are `<% %>` and `<< >>`, for dbt's own stay."""

import json
from functools import cache, partial
from pathlib import Path
from textwrap import fill

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "templates"
LONGEST_LINE = 130  # as .sqlfluff has it
LONGEST_PYTHON_LINE = 110  # as pyproject.toml has it


def render(template: str, **values: object) -> str:
    """The text of a template; it ends with one line feed."""
    return _templates().get_template(f"{template}.jinja").render(values).rstrip() + "\n"


def in_yaml(text: str) -> str:
    """A text as YAML has it on one line, in quotes where it has to be."""
    return yaml.safe_dump(text, width=10_000, allow_unicode=True).removesuffix("...\n").strip()


def names_call(names: list[str], indent: int) -> str:
    """`names("a b c")`, as ruff formats it where it stands so far from the margin."""
    line = f'names("{" ".join(names)}")'
    if indent + len(line) < LONGEST_PYTHON_LINE:
        return line
    blank = " " * (indent + 4)
    filled = fill(" ".join(names), LONGEST_PYTHON_LINE - 15, subsequent_indent=blank)
    return f'names(\n{blank}"""{filled}"""\n{" " * indent})'


def qualified(column: str, alias: str) -> str:
    return f"{alias}.{column}"


def listed(names: list[str], indent: int, before: str = "") -> str:
    """`a, b, c` behind `before`; below it where a line has no room for them."""
    line = ", ".join(names)
    if len(before) + len(line) < LONGEST_LINE - indent:
        return f"{before}{line}"
    blank = " " * (indent + 4)
    filled = fill(line, LONGEST_LINE - 20, initial_indent=blank, subsequent_indent=blank)
    return f"{before.rstrip()}\n{filled}" if before else filled.strip()


@cache
def _templates() -> Environment:
    environment = Environment(  # noqa: S701 - it writes SQL and YAML, where in_yaml quotes
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "in_yaml": in_yaml,
        "listed": listed,
        "qualified": qualified,
        "quoted": repr,
        "missing": "{}: null".format,
        "names_call": names_call,
        "json": partial(json.dumps, ensure_ascii=False),
    }
    return environment
