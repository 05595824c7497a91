"""What an export changed, in words, for RELEASE_NOTES.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.releases.package import WHOLE, Piece

HEADING = "# Release notes\n"
Pieces = Mapping[str, Mapping[str, Piece]]


@dataclass(frozen=True)
class Change:
    """What became of a mart: the periods that came, have other rows, went; how many rows before and after."""

    mart: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    rows_before: int
    rows: int

    def __str__(self) -> str:
        parts = [
            f"{word} {spans(periods)}"
            for word, periods in (
                ("added", self.added),
                ("changed", self.changed),
                ("withdrawn", self.withdrawn),
            )
            if periods
        ]
        rows = f"{self.rows:,} rows" if not self.rows_before else f"{self.rows_before:,} → {self.rows:,} rows"
        return f"`{self.mart}`: {'; '.join(parts)}; {rows}"


def changes(before: Pieces, after: Pieces) -> list[Change]:
    """Of each mart whose files are not the same, in the order of names."""
    found = []
    for mart in sorted({*before, *after}):
        old, new = before.get(mart, {}), after.get(mart, {})
        change = Change(
            mart,
            tuple(sorted(set(new) - set(old))),
            tuple(sorted(period for period in set(new) & set(old) if new[period].hash != old[period].hash)),
            tuple(sorted(set(old) - set(new))),
            sum(piece.rows for piece in old.values()),
            sum(piece.rows for piece in new.values()),
        )
        if change.added or change.changed or change.withdrawn:
            found.append(change)
    return found


def with_release(notes: str, taken_at: str, what_changed: list[Change]) -> str:
    """The notes with those of a release, which stand first."""
    lines = [f"- {change}" for change in what_changed] or [
        "- the same rows; descriptions or examples changed"
    ]
    rest = notes.removeprefix(HEADING).lstrip("\n")
    return "\n".join([HEADING, f"## {taken_at}\n", *lines, "", rest]).rstrip("\n") + "\n"


def spans(periods: tuple[str, ...]) -> str:
    """`2013-01..2013-03, 2013-07`; a mart in one piece is `all of it`."""
    runs: list[list[str]] = []
    for period in periods:
        if runs and _follows(runs[-1][-1], period):
            runs[-1].append(period)
        else:
            runs.append([period])
    names = {WHOLE: "all of it", "none": "rows without a month"}
    return ", ".join(f"{run[0]}..{run[-1]}" if len(run) > 1 else names.get(run[0], run[0]) for run in runs)


def _follows(month: str, other: str) -> bool:
    if "-" not in month or "-" not in other:
        return False
    return _number(other) == _number(month) + 1


def _number(month: str) -> int:
    year, of_year = month.split("-")
    return 12 * int(year) + int(of_year)
