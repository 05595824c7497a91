"""What a check found: a line of the table, and what to do about it."""

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["ok", "failed", "missing", "differs", "nothing"]
"""`missing` is a tool that is not installed: nobody knows what it would say. `differs` is for people."""

FAILING = ("failed", "missing")


@dataclass(frozen=True)
class Finding:
    """`details` are lines of the tool itself; `remedy` is the next command."""

    check: str
    verdict: Verdict
    said: str
    seconds: float | None = None
    details: tuple[str, ...] = field(default=())
    remedy: str = ""

    @property
    def is_failing(self) -> bool:
        return self.verdict in FAILING
