"""`ontime mcp`."""

import click

from ingestion.errors import OntimeError

LOOPBACK = "127.0.0.1"


@click.command()
@click.option("--http", is_flag=True, help="Listen on loopback instead of stdin and stdout.")
@click.option("--port", default=8765, show_default=True, help="The port of --http.")
def mcp(http: bool, port: int) -> None:
    """Let agents ask: metrics, marts, accounts of rows, SQL with limits, by the Model Context Protocol.

    A client starts it and speaks to it by stdin and stdout; docs/agents.md has the lines for its settings.

    \b
    Examples:
      ontime mcp
      ontime mcp --http --port 8765
    """
    try:
        from cli.agents.server import server
    except ModuleNotFoundError as error:
        raise OntimeError(
            f"`ontime mcp` needs the package {error.name}", "install it with: make agents"
        ) from None
    if http:
        server().run("streamable-http", host=LOOPBACK, port=port)
    else:
        server().run("stdio")
