"""`ontime run`."""

import sys

import click

from cli.commands import completing
from cli.commands.recording import recorded_as
from cli.console import LATER, note


@click.command()
@click.argument("job", default="", shell_complete=completing.jobs)
@click.option("--month", metavar="MONTH", help="The month of a job of months, such as 2024-03.")
def run(job: str, month: str | None) -> None:
    """Run a JOB of orchestration/jobs.toml, its steps one after the other: what cron and systemd call.

    A step that fails leaves out those that need it, and no other. Exit code 0: all is done, 75: the same
    command will get further later, 1: something failed. Without JOB it lists them.

    \b
    Examples:
      ontime run
      ontime run daily
      ontime run monthly --month 2024-03
    """
    from cli.scheduling import run as running
    from cli.scheduling.find import jobs, months_to_run, the_job

    if not job:
        for known in jobs().values():
            click.echo(f"{known.name:<10} {known.about}")
        return
    chosen = the_job(job)
    with recorded_as("loader") as kept:  # its steps are runs of their own, which know whose they are
        outcomes = running.run_months(chosen, months_to_run(chosen, month), running.start_ontime, note)
        kept.exit_code = code = running.exit_code(outcomes)
    note("")
    for outcome in outcomes:
        note(str(outcome))
    if code != running.DONE:
        again = running.as_typed(["run", job, *(["--month", month] if month else [])])
        note(f"to go on: {again}" if code == LATER else f"mend what failed, then: {again}")
    sys.exit(code)
