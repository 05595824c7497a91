"""`ontime runs`."""

import sys

import click

from cli.commands.options import format_option


@click.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@click.option("--failed", is_flag=True, help="Only those that did not succeed.")
@click.option("--published", is_flag=True, help="The publications, which --as-of of other commands can name.")
@format_option
def runs(limit: int, failed: bool, published: bool, form: str) -> None:
    """Show the last runs of commands that change something, the newest first; times are in UTC.

    A run that did not succeed names the command that repeats it. What each did, step by step, which files it
    landed and which marts it published, marts.audit_runs says.

    \b
    Examples:
      ontime runs
      ontime runs --failed --limit 5
      ontime runs --format json > runs.json
      ontime runs --published
      ontime sql "select * from marts.audit_runs where command like 'load bts%' order by step_no"
    """
    from cli.questions.publications import show_publications
    from cli.questions.runs import show_runs

    if published:
        show_publications(limit, form, sys.stdout)
        return
    show_runs(limit, failed, form, sys.stdout)
