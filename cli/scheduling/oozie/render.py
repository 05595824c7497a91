"""Writes the files of a job for Oozie from the templates in orchestration/oozie/."""

from datetime import UTC, date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cli.scheduling.jobs import Job
from cli.scheduling.oozie.workflow import workflow
from ingestion import PROJECT

TEMPLATES = PROJECT / "orchestration" / "oozie"
FILES = ("workflow.xml", "coordinator.xml", "job.properties")


def render(job: Job, folder: Path, today: date | None = None) -> list[Path]:
    """Write workflow, coordinator and properties of a job to `folder`/<job>. Returns the files.

    Raises ValueError when the workflow would not be sound.
    """
    made = workflow(job)
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["xml.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {"job": job, "workflow": made, "today": today or datetime.now(UTC).date()}
    texts = {name: templates.get_template(f"{name}.jinja").render(values) for name in FILES}
    place = folder / job.name
    place.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (place / name).write_text(text + "\n", encoding="utf-8")
    return [place / name for name in texts]
