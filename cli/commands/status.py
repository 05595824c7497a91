"""`ontime status`."""

import json
import sys
from dataclasses import asdict

import click

NOT_RUNNING = 3


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(form: str) -> None:
    """Say whether Postgres runs, where, and how to connect; of what is published, the ten most important
    alarms, and which months are there, missing, held or due. Exit code 0: it runs, 3: it does not.

    \b
    Examples:
      ontime status
      ontime status --format json
    """
    from cli.questions import alarms
    from cli.scheduling import gaps
    from cli.server.status import status

    now = status()
    found = alarms.alarms() if now.running else []
    months = gaps.expected_months() if now.running else []
    if form == "json":
        told = {
            "running": now.running,
            "said": now.said,
            "server": dict(now.facts),
            "alarms": [asdict(alarm) for alarm in found],
            "months": [gaps.as_json(month) for month in months],
        }
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo("\n\n".join(filter(None, [now.text, alarms.as_table(found), gaps.as_table(months)])))
    sys.exit(0 if now.running else NOT_RUNNING)
