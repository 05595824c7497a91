"""`ontime backfill`: loads months that are missing, some at a time, and builds after each few of them.

What it does to the warehouse the commands `ontime load` and `ontime build` do, as a person would call them:
it can be stopped and killed as they can, and repeated. Months that are there are not asked for.

    .ontime/backfills/NAME.json    what became of the backfill that NAME.toml asks for, written as it goes on
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from cli.console import FAILED, LATER, note
from cli.scheduling.gaps import THERE, Month, State, expected_months, span, stretches
from cli.scheduling.run import DONE, as_typed, start_ontime
from cli.server.files import state_folder
from ingestion.errors import OntimeError

AT_ONCE = 3
"""Months that are loaded before a build: one costs seconds, and readers are to see months soon."""

_SECONDS_OF_LOAD = 60 * 60  # of a month; it is stopped after so long, and has failed
_SECONDS_OF_BUILD = 2 * 60 * 60
_REMEDY = "orchestration/backfills/README.md shows what such a file says"
_WHY_LEFT_OUT: dict[State, str] = {
    "loaded": "there already; for a newer release: ontime load {source} --months {months}",
    "restated": "there already; for a newer release: ontime load {source} --months {months}",
    "held": "a file of it is held; `ontime status` says how to decide on it",
}


@dataclass(frozen=True)
class Backfill:
    """What is asked for; `months` as `ontime load` takes them, without them all that are missing.

    `name` is that of the reviewed file, which also says what, why and who asked.
    """

    source: str = "bts"
    months: tuple[str, ...] = ()
    at_once: int = AT_ONCE
    name: str = ""
    what: str = ""
    why: str = ""
    asked_by: str = ""


@dataclass(frozen=True)
class Plan:
    """The months to load, in order, and those that were named and are left out."""

    backfill: Backfill
    entity: str
    wanted: tuple[date, ...]
    left_out: tuple[Month, ...] = ()

    @property
    def parts(self) -> list[tuple[date, ...]]:
        """The months to load, those together after which comes a build."""
        size = self.backfill.at_once
        return [self.wanted[start : start + size] for start in range(0, len(self.wanted), size)]

    def load(self, month: date) -> list[str]:
        """The command of `ontime` that loads a month."""
        return ["load", self.backfill.source, "--months", f"{month:%Y-%m}"]

    @property
    def without(self) -> list[str]:
        """What is left out and why, for people."""
        if not (self.wanted or self.left_out):
            return [f"no month of {self.entity} is missing"]
        return [
            f"{left.name}: "
            + _WHY_LEFT_OUT[left.months[0].state].format(source=self.backfill.source, months=left.name)
            for left in stretches(self.left_out)
        ]

    def __str__(self) -> str:
        """What is left out and why, and the commands, for people."""
        commands = [
            as_typed(command) for months in self.parts for command in (*map(self.load, months), ["build"])
        ]
        return "\n".join(self.without + commands)


def read_backfill(path: Path) -> Backfill:
    """The backfill that a file asks for. Raises OntimeError that names the file and what is wrong with it."""
    try:
        backfill = _checked(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
        _entity_of(backfill.source)
        _named(backfill.months)
    except (OSError, ValueError) as error:  # TOML and UTF-8 that are none are values, too
        raise OntimeError(f"{path}: {error}", _REMEDY) from None
    except OntimeError as error:
        raise OntimeError(f"{path}: {error.message}", error.remedy) from None
    return backfill


def _checked(entries: dict[str, Any], name: str) -> Backfill:
    """Raises ValueError for what is no backfill."""
    if unknown := entries.keys() - {field.name for field in fields(Backfill)} | entries.keys() & {"name"}:
        raise ValueError(f"there is no entry {min(unknown)}")
    for entry in ("what", "why", "asked_by", "source"):
        if not isinstance(entries.get(entry), str) or not entries[entry].strip():
            raise ValueError(f"{entry} is not said")
    months, at_once = entries.get("months"), entries.get("at_once", AT_ONCE)
    if not isinstance(months, list) or not months or not all(isinstance(text, str) for text in months):
        raise ValueError('months are no list such as ["2023-11..2024-02"]')
    if type(at_once) is not int or at_once < 1:
        raise ValueError("at_once is no number of months")
    return Backfill(**{**entries, "months": tuple(months), "name": name})


def plan(backfill: Backfill) -> Plan:
    """What a backfill would do now. Raises OntimeError for months and sources that cannot be asked for."""
    entity = _entity_of(backfill.source)
    expected = _expected_of(entity)
    if not backfill.months:
        missing = tuple(day for day, month in expected.items() if month.state == "missing")
        return Plan(backfill, entity, missing)
    named = _named(backfill.months)
    left_out = tuple(
        expected[day] for day in named if day in expected and expected[day].state in _WHY_LEFT_OUT
    )
    wanted = tuple(day for day in named if day not in {it.first_day for it in left_out})
    return Plan(backfill, entity, wanted, left_out)


def run(plan: Plan) -> int:
    """Do what is planned. Returns 0 when all months are there, 75 when the rest will come later, else 1.

    A month that cannot be loaded keeps no other from it; a build that fails ends the backfill, since none
    would publish before that is mended.
    """
    result = _Result(plan)
    for months in plan.parts:
        for month in months:
            result.loads[month] = _call(plan.load(month), _SECONDS_OF_LOAD)
            result.keep()
        result.builds.append(_call(["build"], _SECONDS_OF_BUILD))
        result.look()
        result.keep()
        if result.builds[-1]:
            break
    result.say()
    result.keep(result.code)
    return result.code


class _Result:
    """What became of the months so far: exit codes of loads and builds, and what is there after these."""

    def __init__(self, plan: Plan) -> None:
        self.loads: dict[date, int] = {}
        self.builds: list[int] = []
        self._plan = plan
        self._states: dict[date, State] = {month.first_day: month.state for month in plan.left_out}
        self._began = _now()
        self.keep()

    @property
    def code(self) -> int:
        """That of the whole: what has to be mended comes before what will come later."""
        codes = {*self.loads.values(), *self.builds}
        held = any(month.state == "held" for month in self._plan.left_out)
        if held or (not any(self.builds) and any(self._does_not_count(month) for month in self.loads)):
            codes.add(FAILED)
        return FAILED if codes - {DONE, LATER} else max(codes, default=DONE)

    def look(self) -> None:
        """See which months are there now."""
        expected = _expected_of(self._plan.entity)
        self._states |= {day: expected[day].state for day in self.loads if day in expected}

    def say(self) -> None:
        """A line for each stretch of months that went alike."""
        for told, months in groupby(self._plan.wanted, self._told):
            listed = list(months)
            note(f"{span(listed[0], listed[-1])}: {told}")

    def keep(self, code: int | None = None) -> None:
        """Write it to the file of a reviewed backfill, in one step. `code` is None until all is done."""
        backfill = self._plan.backfill
        if not backfill.name:
            return
        told = {name: getattr(backfill, name) for name in ("what", "why", "asked_by", "source")} | {
            "began_at_utc": self._began,
            "written_at_utc": _now(),
            "exit_code": code,
            "build_exit_codes": self.builds,
            "months": [
                {
                    "month": f"{day:%Y-%m}",
                    "load_exit_code": self.loads.get(day),
                    "state": self._states.get(day),
                }
                for day in sorted({*self._plan.wanted, *self._states})
            ],
        }
        folder = state_folder() / "backfills"
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{backfill.name}.part"
        unfinished.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(folder / f"{backfill.name}.json")

    def _does_not_count(self, month: date) -> bool:
        return self.loads[month] == DONE and self._states.get(month) not in THERE

    def _told(self, month: date) -> str:
        if month not in self.loads:
            return "not asked for, since the build failed; repeat the same command when that is mended"
        if self.loads[month] == LATER:
            return "to come; the same command will get it later"
        if self.loads[month]:
            return "could not be loaded, as is said above"
        if not self._does_not_count(month):
            return self._states[month]
        if self.builds[-1]:
            return "landed; the build did not publish it"
        return "landed, and does not count; `ontime status` says what is wrong with it"


def _call(command: Sequence[str], seconds: float) -> int:
    note(as_typed(command))
    return start_ontime(command, seconds)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"


def _entity_of(source: str) -> str:
    """What the months of a source are about. Raises OntimeError for one whose months nobody can ask for."""
    from ingestion.sources import SOURCES  # here and below: what is slow to import only where it is needed

    if source in SOURCES and SOURCES[source].archives:
        return "flights"
    if source in SOURCES and SOURCES[source].is_asked:
        return "weather"
    known = ", ".join(name for name, it in SOURCES.items() if it.archives or it.is_asked)
    raise OntimeError(
        f"{source} cannot be asked for months",
        f"choose one of: {known}; or: ontime load {source} --from FILE",
    )


def _named(ranges: Sequence[str]) -> list[date]:
    from ingestion.sources.bts import months_of

    return sorted(months_of(ranges))


def _expected_of(entity: str) -> dict[date, Month]:
    return {month.first_day: month for month in expected_months() if month.entity == entity}
