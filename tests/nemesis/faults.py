"""The list of planted faults (faults.yml), and the table of what finds them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.nemesis.machine import STEPS_OF_A_HISTORY, Counted, History, run_history, seeds_until
from tests.nemesis.world import Edit, World, with_edits

LIST = Path(__file__).with_name("faults.yml")


@dataclass(frozen=True)
class Fault:
    """Edits of a project that break a promise, which is to be noticed within so many steps."""

    name: str
    place: str
    within: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Found:
    """Which invariant noticed a fault, empty where none did, after how many steps and histories."""

    fault: Fault
    invariant: str
    steps: int
    histories: int
    seconds: float
    said: str = ""

    @property
    def is_in_time(self) -> bool:
        return bool(self.invariant) and self.steps <= self.fault.within


def read_faults(path: Path = LIST) -> list[Fault]:
    """All of a list, in its order."""
    entries: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text())
    return [
        Fault(
            it["name"], place, it["within"], tuple((e["file"], e["before"], e["after"]) for e in it["edits"])
        )
        for place, listed in entries.items()
        for it in listed
    ]


def look_for(fault: Fault, first_seed: int, sound: World) -> Found:
    """Histories of one seed after the other until one of them breaks, or the steps are used up."""
    with TemporaryDirectory(prefix="ontime-nemesis-") as folder:
        began = time.monotonic()
        try:
            with with_edits(sound, Path(folder), fault.edits) as world:
                History.world, History.counted, History.first_violation = world, Counted(), None
                began = time.monotonic()
                for histories, number in enumerate(seeds_until(fault.within, first_seed), start=1):
                    try:
                        run_history(number, STEPS_OF_A_HISTORY, shrinks=False)
                    except Exception as error:
                        return _found(fault, error, histories, time.monotonic() - began)
        except AssertionError as error:  # what histories begin with
            return Found(fault, f"begin ({_first_line(error)})", 0, 0, time.monotonic() - began, str(error))
    return Found(fault, "", History.counted.steps, histories, time.monotonic() - began)


def _found(fault: Fault, error: Exception, histories: int, seconds: float) -> Found:
    first = History.first_violation
    invariant = first[1].invariant if first else type(error).__name__
    steps = first[0] if first else History.counted.steps
    return Found(fault, invariant, steps, histories, seconds, str(first[1] if first else error))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:60]


def table(found: Iterable[Found]) -> str:
    """Markdown: which invariant noticed which fault, and after how many steps."""
    lines = [
        "| fault | in | found by | after steps | of | histories | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for it in found:
        cells = (f"`{it.fault.name}`", it.fault.place, it.invariant or "**nothing**", it.steps)
        lines.append(
            f"| {' | '.join(map(str, cells))} | {it.fault.within} | {it.histories} | {it.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"
