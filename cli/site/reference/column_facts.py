"""What the published marts say of their own columns: types, rows, missing values and examples.

Marts by month are counted over the newest twelve months that they have: a page must not cost what the whole
history costs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cli.site.marts import Marts

MONTHS = 12
ROWS_FOR_EXAMPLES = 500
EXAMPLES = 3
LONGEST_EXAMPLE = 40

NOT_COUNTED = {"audit_checksums": "It reads every mart when it is read, so nothing of it is counted here."}
"""Marts that nobody should read whole, with the reason."""


@dataclass(frozen=True)
class ColumnFacts:
    """`missing_pct` is null where there are no rows; `examples` are the most frequent of some rows."""

    name: str
    data_type: str
    missing_pct: float | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class MartFacts:
    """Columns in their order; `rows` are those that were counted, of `months` if it is a mart by month.

    `error` says why nothing was counted.
    """

    columns: tuple[ColumnFacts, ...]
    rows: int | None = None
    months: str = ""
    error: str = ""


def facts_of_marts(marts: Marts, months: Mapping[str, str]) -> dict[str, MartFacts]:
    """Each published mart by name; `months` names the column that says the month, of marts that have one."""
    types: dict[str, list[tuple[str, str]]] = {}
    for mart, column, data_type in marts.ask("columns").rows:
        types.setdefault(mart, []).append((column, data_type))
    return {mart: _facts(marts, mart, columns, months.get(mart, "")) for mart, columns in types.items()}


def _facts(marts: Marts, mart: str, columns: list[tuple[str, str]], month: str) -> MartFacts:
    untouched = tuple(ColumnFacts(*column) for column in columns)
    if mart in NOT_COUNTED:
        return MartFacts(untouched, error=NOT_COUNTED[mart])
    names = [quoted(name) for name, _ in columns]
    rows_read, period = _rows_read(mart, month)
    counted = marts.try_sql(f"select count(*), {period}, {_listed('count({})', names)} from {rows_read}")
    if counted.refused:
        return MartFacts(untouched, error=counted.refused)
    ((rows, first, last, *filled),) = counted.rows
    some = marts.try_sql(f"select {_listed('{}::text', names)} from {rows_read} limit {ROWS_FOR_EXAMPLES}")
    values = list(zip(*some.rows, strict=True)) or [()] * len(columns)
    facts = tuple(
        ColumnFacts(name, data_type, 100 * (rows - have) / rows if rows else None, most_frequent(given))
        for (name, data_type), have, given in zip(columns, filled, values, strict=True)
    )
    return MartFacts(facts, rows, first or "" if first == last else f"{first} to {last}")


def _rows_read(mart: str, month: str) -> tuple[str, str]:
    """What is read of a mart, as `from` has it, and SQL for the first and the last month of that."""
    source = f"marts.{quoted(mart)}"
    if not month:
        return source, "null, null"
    by = quoted(month)
    newest = f"{by} > (select max({by}) from {source}) - interval '{MONTHS} months'"
    return f"{source} where {newest}", f"to_char(min({by}), 'YYYY-MM'), to_char(max({by}), 'YYYY-MM')"


def _listed(form: str, names: list[str]) -> str:
    return ", ".join(form.format(name) for name in names)


def quoted(name: str) -> str:
    """A name as SQL has it between quotes."""
    return '"' + name.replace('"', '""') + '"'


def most_frequent(values: Iterable[str | None]) -> tuple[str, ...]:
    """A few of the values that are there, the most frequent first; long ones are cut."""
    counts = Counter(value for value in values if value is not None)
    return tuple(_short(value) for value, _ in counts.most_common(EXAMPLES))


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_EXAMPLE else value[: LONGEST_EXAMPLE - 1] + "…"
