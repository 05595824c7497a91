"""All figures of a month at once, each with its proof: what `explain` says of one, asked of all in sets.

A month is read three times, whatever the number of figures: as published, from raw text by the independent
path, and, where it was released before, as the release before stated it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cli.questions.explain.account import REASONS_IN_WORDS, WHY, duplicates_of, files_of_group, rejects_of
from cli.questions.explain.agreement import published_by_group
from cli.questions.explain.explain import is_same
from cli.questions.explain.measures import MEASURES
from cli.questions.explain.population import Condition, Population
from cli.questions.explain.proof import FileRows, Reject, Release
from cli.questions.explain.provenance import releases_of
from cli.questions.explain.raw.counting import files_of
from cli.questions.explain.raw.recompute import RefusedError, raw_flights
from cli.questions.explain.sessions import Session

Group = tuple[str | None, str | None, str | None]
"""Carrier, airport of departure, airport of arrival; None is all of them."""

BY = ("carrier_code", "origin_airport_code_iata", "destination_airport_code_iata")
SETS = (
    *((), (0,), (1,), (0, 1)),
    *((2,), (0, 2), (1, 2), (0, 1, 2)),
)
"""Which of these columns a group is divided by."""

FIGURES = (
    *("flights", "with_known_outcome", "on_time_pct", "cancelled_pct"),
    *("mean_dep_delay_minutes", "mean_arr_delay_minutes"),
    *("median_arr_delay_minutes", "p90_arr_delay_minutes"),
    *(f"{cause}_delay_minutes" for cause in ("carrier", "weather", "nas", "security", "late_aircraft")),
)
"""Those that are proved, with all digits that marts have."""

ACCOUNTS = ("on_time_pct", "mean_dep_delay_minutes", "mean_arr_delay_minutes")
"""Figures that do not look at all flights: of each, how many were left out, by reason."""


@dataclass(frozen=True)
class MonthProof:
    """`figures` of each group as published, `left_out` of it in the order of ACCOUNTS and of the reasons.

    `different` has what raw text says where it says something else, `before` the figures of the release
    before, `bts` what BTS publishes, in words. With `refusal` nothing was recomputed, and it says why.
    """

    month: date
    figures: Mapping[Group, tuple[Any, ...]]
    left_out: Mapping[Group, tuple[int, ...]]
    different: Mapping[Group, Mapping[str, Any]]
    refusal: str
    releases: tuple[Release, ...]
    files: tuple[FileRows, ...]
    rejects: tuple[Reject, ...]
    duplicates: int | None
    release_before: int | None = None
    before: Mapping[Group, tuple[Any, ...]] = field(default_factory=dict)
    bts: Mapping[Group, str] = field(default_factory=dict)
    bts_of_all: str = ""

    @property
    def count(self) -> int:
        """How many figures there are."""
        return len(self.figures) * len(FIGURES)


def prove_month(session: Session, month: date) -> MonthProof:
    """Raises OntimeError where the server refuses a question."""
    population = Population((Condition("flight_month", (month,)),), (month,))
    published = session.of_marts(
        _statement(f"select * from {session.schema}.fct_flights where flight_month = %s", with_account=True),
        [month],
    )
    figures = {_group(row): tuple(row[name] for name in FIGURES) for row in published}
    months = tuple(files_of(session, (month,)))
    releases = releases_of(session, (month,))
    current = next((it for it in releases if it.known_to_utc is None), None)
    earlier = current.release_no - 1 if current and current.release_no > 1 else None
    agreement = published_by_group(session, population)
    recomputed: dict[Group, tuple[Any, ...]] = {}
    refusal = ""
    try:
        columns = set[str]().union(*(MEASURES[name].columns for name in FIGURES), BY)
        relation, values = raw_flights(months, population, columns)
        recomputed = _figures(session.of_raw(_statement(relation), values))
    except RefusedError as refused:
        refusal = str(refused)
    return MonthProof(
        month=month,
        figures=figures,
        left_out={_group(row): _left_out(row) for row in published},
        different={} if refusal else differences(figures, recomputed),
        refusal=refusal,
        releases=releases,
        files=files_of_group(session, months, population),
        rejects=rejects_of(session, months),
        duplicates=duplicates_of(session, months, population),
        release_before=earlier,
        before=_before(session, month, earlier) if earlier else {},
        bts=agreement.of_group,
        bts_of_all=agreement.words,
    )


def differences(
    figures: Mapping[Group, tuple[Any, ...]], others: Mapping[Group, tuple[Any, ...]]
) -> dict[Group, dict[str, Any]]:
    """Figures that are not the same on both sides, with what the other says; None where it has no group."""
    found: dict[Group, dict[str, Any]] = {}
    nothing = (None,) * len(FIGURES)
    for group in sorted({*figures, *others}, key=lambda it: tuple(code or "" for code in it)):
        if figures.get(group) == others.get(group):
            continue
        pairs = zip(FIGURES, figures.get(group, nothing), others.get(group, nothing), strict=True)
        unlike = {name: other for name, one, other in pairs if not is_same(one, other)}
        if unlike:
            found[group] = unlike
    return found


def _before(session: Session, month: date, release_no: int) -> dict[Group, tuple[Any, ...]]:
    relation = (
        f"select * from {session.schema}.fct_flight_versions where flight_month = %s and release_no = %s"
    )
    return _figures(session.of_marts(_statement(relation), [month, release_no]))


def _statement(flights: str, with_account: bool = False) -> str:
    """All figures of all groups of flights; each measure is the one that `explain` takes for one figure."""
    figures = [f"{MEASURES[name].sql} as {name}" for name in FIGURES]
    if with_account:
        figures += [
            f"count(*) filter (where not coalesce({MEASURES[name].goes_in}, false) "
            f"and {WHY} = '{reason}') as left_out_{name}_{place}"
            for name in ACCOUNTS
            for place, reason in enumerate(REASONS_IN_WORDS)
        ]
    keys = ", ".join(BY)
    is_all = ", ".join(f"grouping({column}) = 1 as all_{place}" for place, column in enumerate(BY))
    sets = ", ".join(f"({', '.join(BY[place] for place in places)})" for places in SETS)
    shown = ",\n    ".join(figures)
    return (
        f"with flights as materialized (\n{flights}\n)\n"
        f"select {keys}, {is_all},\n    {shown}\nfrom flights\ngroup by grouping sets ({sets})"
    )


def _figures(rows: list[dict[str, Any]]) -> dict[Group, tuple[Any, ...]]:
    return {_group(row): tuple(row[name] for name in FIGURES) for row in rows}


def _group(row: Mapping[str, Any]) -> Group:
    """Flights always have all three; a null is of a row that is of all of them."""
    carrier, origin, destination = (
        None if row[f"all_{place}"] else row[column] for place, column in enumerate(BY)
    )
    return carrier, origin, destination


def _left_out(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(
        row[f"left_out_{name}_{place}"] for name in ACCOUNTS for place in range(len(REASONS_IN_WORDS))
    )
