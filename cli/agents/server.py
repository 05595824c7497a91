"""The server of `ontime mcp`: each question that agents may ask is a tool (cli/agents/answers.py)."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from cli.agents import answers
from cli.agents.limits import MOST_ROWS
from ingestion.errors import OntimeError

INSTRUCTIONS = """
Figures of US airline on-time performance. Ask metrics first: their definitions are fixed. A refusal names the
nearest that exists: ask again with it, or tell the user; do not guess. Say period and release with a figure.
""".strip()

ROWS = 200
AsOf = Annotated[str, Field(description="A day or moment: as readers saw the marts then; empty: now.")]
Limit = Annotated[int, Field(description=f"The first rows only, 1 to {MOST_ROWS}.")]
Arguments = ParamSpec("Arguments")


def refusing(tool: Callable[Arguments, dict[str, Any]]) -> Callable[Arguments, dict[str, Any]]:
    """What cannot be answered is said with its remedy, as the command does."""

    @wraps(tool)
    def answered(*args: Arguments.args, **kwargs: Arguments.kwargs) -> dict[str, Any]:
        try:
            return tool(*args, **kwargs)
        except OntimeError as error:
            raise ToolError(f"refused: {error.message}\n-> {error.remedy}") from None

    return answered


def list_metrics() -> dict[str, Any]:
    """List the metrics with their definitions, and what they can be divided and filtered by."""
    return answers.list_metrics()


def ask_metrics(
    metrics: Annotated[list[str], Field(description="Names from list_metrics.")],
    by: Annotated[list[str], Field(description="What to divide by, such as carrier, month.")] = [],  # noqa: B006
    filters: Annotated[
        dict[str, str | list[str]], Field(description='Values of dimensions, such as {"origin": "JFK"}.')
    ] = {},  # noqa: B006
    months: Annotated[list[str], Field(description="Such as 2013-06..2013-08; empty: all.")] = [],  # noqa: B006
    order: Annotated[list[str], Field(description="Columns; -NAME goes downwards.")] = [],  # noqa: B006
    limit: Limit = ROWS,
    as_of: AsOf = "",
) -> dict[str, Any]:
    """Answer metrics of flights with definition, period, release, and whether published totals agree."""
    return answers.ask_metrics(metrics, by, filters, months, order, limit, as_of)


def list_marts() -> dict[str, Any]:
    """List the marts and what is one row of each."""
    return answers.list_marts()


def describe_mart(name: str) -> dict[str, Any]:
    """Describe a mart: columns with types, units and definitions, and its key."""
    return answers.describe_mart(name)


def account_for_rows(source: str = "", file_no: int | None = None) -> dict[str, Any]:
    """Say what became of the rows of each file that was read: published, superseded, rejected and so on."""
    return answers.account_for_rows(source, file_no)


def explain_figure(
    subject: Annotated[str, Field(description="A metric, or a cell such as marts.agg_month.late.")],
    where: Annotated[
        dict[str, str], Field(description='Which one, such as {"carrier": "DL", "month": "2013-03"}.')
    ] = {},  # noqa: B006
    as_of: AsOf = "",
) -> dict[str, Any]:
    """Prove a figure: its definition, what went in and what not, files, releases, and a recomputation."""
    return answers.explain_figure(subject, where, as_of)


def ask_sql(statement: str, limit: Limit = ROWS, as_of: AsOf = "") -> dict[str, Any]:
    """Answer one SQL statement (PostgreSQL) over the schema marts, read only, within seconds and rows."""
    return answers.ask_sql(statement, limit, as_of)


TOOLS = (list_metrics, ask_metrics, list_marts, describe_mart, account_for_rows, explain_figure, ask_sql)


def server() -> MCPServer[Any]:
    """The server, without a transport."""
    made: MCPServer[Any] = MCPServer("ontime", instructions=INSTRUCTIONS, log_level="WARNING")
    for tool in TOOLS:
        made.tool()(refusing(tool))
    return made
