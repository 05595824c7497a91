"""What docs/scheduling.md shows for cron and systemd is what the jobs say, and units that systemd accepts."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.scheduling.find import jobs
from ingestion import PROJECT

PAGE = (PROJECT / "docs" / "scheduling.md").read_text()
DAYS = {"SUN": "Sun "}


def calendar(cron: str) -> str:
    """A schedule of cron as systemd spells it, as far as our jobs need it."""
    minute, hour, day, month, weekday = cron.split()
    assert month == "*"
    days = "" if weekday == "*" else DAYS[weekday]
    return f"{days}*-*-{day if day == '*' else f'{int(day):02}'} {int(hour):02}:{int(minute):02}:00 UTC"


@pytest.mark.parametrize("job", jobs())
def test_the_page_shows_the_schedule(job: str) -> None:
    cron = jobs()[job].cron
    assert f"\n{cron} cd /opt/ontime && .venv/bin/ontime run {job}\n" in PAGE
    assert f"| `ontime-{job}.timer` | `{calendar(cron)}` |" in PAGE
    assert re.search(rf"^\| `{job}` \|", PAGE, re.MULTILINE)


def test_the_service_waits_longer_than_any_job() -> None:
    (hours,) = re.findall(r"^TimeoutStartSec=(\d+)h$", PAGE, re.MULTILINE)
    assert all(sum(step.minutes for step in job.steps) < int(hours) * 60 for job in jobs().values())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd to ask")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    service, timer = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    # neither command nor user are there on any machine
    here = re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", service, flags=re.MULTILINE).replace(
        "User=ontime\n", ""
    )
    (tmp_path / "ontime@.service").write_text(here)
    (tmp_path / "ontime@daily.service").symlink_to(tmp_path / "ontime@.service")
    (tmp_path / "ontime-daily.timer").write_text(timer)
    units = [str(tmp_path / name) for name in ("ontime@daily.service", "ontime-daily.timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "ontime" in line]
    assert done.returncode == 0, done.stderr
    assert not ours
