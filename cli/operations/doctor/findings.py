"""What a look found: whether it is well, in a sentence, and what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "fault"]

MARKS: dict[Level, str] = {"ok": "ok", "warning": "warning", "fault": "FAULT"}


@dataclass(frozen=True)
class Finding:
    """One line. `about` is what was looked at, `remedy` a command, where there is one."""

    level: Level
    about: str
    told: str
    remedy: str = ""

    @property
    def line(self) -> str:
        """For people."""
        remedy = f"\n{'':<24}-> {self.remedy}" if self.remedy else ""
        return f"{MARKS[self.level]:<8} {self.about:<14} {self.told}{remedy}"


def ok(about: str, told: str) -> Finding:
    return Finding("ok", about, told)


def warning(about: str, told: str, remedy: str) -> Finding:
    return Finding("warning", about, told, remedy)


def fault(about: str, told: str, remedy: str) -> Finding:
    return Finding("fault", about, told, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    levels = {finding.level for finding in findings}
    return "fault" if "fault" in levels else "warning" if "warning" in levels else "ok"


def as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
