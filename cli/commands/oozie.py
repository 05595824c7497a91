"""`ontime oozie`."""

from pathlib import Path

import click

from cli.commands import completing
from cli.console import note
from ingestion.errors import OntimeError


@click.group()
def oozie() -> None:
    """The jobs of orchestration/jobs.toml for sites that still run Oozie.

    \b
    Example:
      ontime oozie render --to oozie/
    """


@oozie.command()
@click.argument("job", default="", shell_complete=completing.jobs)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("target/oozie"),
    show_default=True,
    help="Folder to write to; each job gets one below it.",
)
def render(job: str, folder: Path) -> None:
    """Write workflow.xml, coordinator.xml and job.properties of JOB, or of all jobs.

    \b
    Examples:
      ontime oozie render
      ontime oozie render monthly --to oozie/
    """
    from cli.scheduling.find import jobs, the_job
    from cli.scheduling.oozie.render import render as write

    for chosen in [the_job(job)] if job else jobs().values():
        try:
            written = write(chosen, folder)
        except OSError as error:
            raise OntimeError(f"{folder}: {error.strerror}", "name another folder with --to") from None
        note(f"{chosen.name}: {', '.join(path.name for path in written)} in {written[0].parent}")
    note("next: fill in job.properties, and see docs/scheduling.md")
