"""What agents ask, as functions: each gives figures with what they mean and where they come from, or refuses.

What is not known is refused with the nearest that exists; nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cli.agents.additivity import refuse_what_cannot_be_added
from cli.agents.limits import MOST_ROWS, Reader, Rows, opened_reader, rows_of
from cli.console import nearest
from cli.questions.contracts import Contract, contract_of, contracts
from cli.questions.explain import explain, opened_session
from cli.questions.metrics import Metrics, Question, read_metrics
from ingestion.errors import OntimeError
from ingestion.sources.bts import months_of

Found = dict[str, Any]
Filters = Mapping[str, str | Sequence[str]]

MONTHS = "select flight_month as data_month from marts.agg_month order by 1"
PUBLICATION = """
    select run_id, release as code, ended_at_utc as published_at_utc
    from marts.audit_runs where step = 'publish' order by step_no desc limit 1
"""
AGREEMENT = """
    select agreement, count(*) as cells from marts.audit_published_agreement
    where flight_month = any('{{{months}}}'::date[]) group by agreement order by agreement
"""
LEDGER = "select * from marts.audit_row_ledger {condition} order by source, file_no"
REASONS = """
    select file_no, reason, count(*) as records, min(record_no) as first_record_no
    from marts.audit_rejects {condition} group by file_no, reason order by file_no, reason
"""


def list_metrics() -> Found:
    """All metrics with their definitions, and what they can be divided and filtered by."""
    defined = read_metrics()
    by = {name: found.description for name, found in defined.group_bys.items()}
    return {"metrics": defined.descriptions, "by": by, **_with_months()}


def ask_metrics(
    metrics: Sequence[str],
    by: Sequence[str],
    filters: Filters,
    months: Sequence[str],
    order: Sequence[str],
    limit: int,
    as_of: str = "",
) -> Found:
    """Metrics of flights, with definition, period, release and agreement; as they were at a moment."""
    if not metrics:
        raise OntimeError("no metric is named", "list_metrics lists them")
    defined = read_metrics()
    for name in (*by, *filters):
        _check_way(defined, name)
    with opened_reader(as_of) as opened:
        period = _period(opened, months)
        for name, values in filters.items():
            _check_values(opened, defined, name, _as_list(values))
        where = " and ".join(f"{name} in ({_literals(_as_list(values))})" for name, values in filters.items())
        asked = tuple(str(month) for month in months)
        statement = defined.sql(Question(tuple(metrics), tuple(by), where, asked, "", tuple(order)))
        rows = rows_of(opened, statement, limit)
        return {
            **_told(rows),
            "definition": {name: defined.descriptions[name] for name in metrics},
            "period": f"{period[0]:%Y-%m}..{period[-1]:%Y-%m}",
            "filters": dict(filters),
            **_of_when(opened, as_of),
            "agreement": _agreement(opened, period),
            "sql": statement,
        }


def list_marts() -> Found:
    """Each mart and what is one row of it."""
    return {"marts": {name: contract.grain for name, contract in contracts().items()}, **_with_months()}


def describe_mart(name: str) -> Found:
    """Columns of a mart with types, units and definitions; its key and where others refer to."""
    contract = contract_of(name.removeprefix("marts."))
    return {
        "mart": f"marts.{contract.name}",
        "description": contract.description,
        "key": list(contract.key),
        "columns": [
            {
                "name": column.name,
                "type": column.data_type,
                "unit": column.unit,
                "definition": column.description,
                "refers_to": ".".join(column.refers_to) if column.refers_to else None,
            }
            for column in contract.columns
        ],
    }


def account_for_rows(source: str, file_no: int | None) -> Found:
    """What became of the rows of files: published, duplicate, superseded, rejected and so on, and why."""
    with opened_reader() as opened:
        known = rows_of(opened, "select distinct source, file_no from marts.audit_row_ledger").records
        sources = sorted({row["source"] for row in known})
        if source and source not in sources:
            remedy = nearest(source, sources) or f"sources are {', '.join(sources)}"
            raise OntimeError(f"nothing landed from a source `{source}`", remedy)
        numbers = sorted(row["file_no"] for row in known if not source or row["source"] == source)
        if file_no is not None and file_no not in numbers:
            near = min(numbers, key=lambda number: abs(number - file_no))
            raise OntimeError(f"there is no file {file_no}", f"the nearest number is {near}")
        conditions = [f"source = {_literals([source])}"] * bool(source)
        conditions += [f"file_no = {file_no}"] * (file_no is not None)
        condition = f"where {' and '.join(conditions)}" if conditions else ""
        return {
            **_told(rows_of(opened, LEDGER.format(condition=condition))),
            "definition": contract_of("audit_row_ledger").description,
            "reasons_of_rejects": rows_of(opened, REASONS.format(condition=condition)).records,
            "release": _release(opened),
        }


def explain_figure(subject: str, where: Mapping[str, str], as_of: str) -> Found:
    """The proof of a figure: `on_time_pct`, or a cell such as `marts.agg_month.late`; also of then."""
    with opened_session(as_of or None) as session:
        said = explain(subject, where, session).as_dict()
    return {**said, "as_of": as_of} if as_of else said


def ask_sql(statement: str, limit: int, as_of: str) -> Found:
    """One statement as role reporter, which reads marts and writes nothing; as they were at a moment."""
    refuse_what_cannot_be_added(statement)
    with opened_reader(as_of) as opened:
        rows = rows_of(opened, statement, limit)
        return {
            **_told(rows),
            "definition": _definitions(_named(statement), rows.columns),
            "period": _told_months(opened),
            **_of_when(opened, as_of),
        }


def _of_when(opened: Reader, as_of: str) -> Found:
    """The publication that an answer is of, and the moment where one was named."""
    if opened.then:
        return {"as_of": as_of, "release": str(opened.then.publication)}
    return {"release": _release(opened)}


def _told(rows: Rows) -> Found:
    told: Found = {"rows": rows.records, "columns": rows.columns, "truncated": rows.is_truncated}
    if rows.is_truncated:
        told["note"] = (
            f"these are the first {len(rows.records):,} rows; there are more (at most {MOST_ROWS:,} come)"
        )
    return told


def _named(statement: str) -> list[Contract]:
    return [contract for name, contract in contracts().items() if f"marts.{name}" in statement.lower()]


def _definitions(named: Sequence[Contract], columns: Sequence[str]) -> dict[str, str]:
    """Of each column of the answer that bears the name of a column of a mart that was asked."""
    return {
        column.name: column.description
        for contract in named
        for column in contract.columns
        if column.name in columns
    }


def _check_way(defined: Metrics, name: str) -> None:
    known = defined.group_bys
    if name in known:
        return
    if meant := sorted(other for other in known if other.endswith(f"__{name}")):
        raise OntimeError(f"`{name}` can be several things", f"say which: {' or '.join(meant)}")
    raise OntimeError(
        f"there is no way to divide metrics by `{name}`", nearest(name, known) or "list_metrics lists them"
    )


def _check_values(opened: Reader, defined: Metrics, name: str, values: Sequence[str]) -> None:
    """Each value is one that flights have; what nobody has would be an answer of nothing."""
    listing = defined.sql(Question(("flights",), (name,)))
    for value in values:
        one = f'select 1 from ({listing}) as known where cast("{name}" as text) = {_literals([value])}'
        if rows_of(opened, one, 1).records:
            continue
        every = f'select cast("{name}" as text) as value from ({listing}) as known order by "flights" desc'
        known = [row["value"] for row in rows_of(opened, every).records if row["value"] is not None]
        near = nearest(value, known) or f"the most frequent are {', '.join(known[:5])}"
        raise OntimeError(f"no flight has {name} `{value[:60]}`", near)


def _period(opened: Reader, months: Sequence[str]) -> list[date]:
    """The months that are asked for, or all. Raises OntimeError where one is not loaded."""
    loaded = _months(opened)
    if not months:
        return loaded
    asked = list(months_of(months))
    if missing := [month for month in asked if month not in loaded]:
        near = min(loaded, key=lambda month: abs(month - missing[0]))
        raise OntimeError(
            f"{', '.join(f'{month:%Y-%m}' for month in missing[:3])} is not loaded",
            f"the nearest month that is: {near:%Y-%m}",
        )
    return asked


def _months(opened: Reader) -> list[date]:
    found = [date.fromisoformat(row["data_month"]) for row in rows_of(opened, MONTHS).records]
    if not found:
        raise OntimeError("no month is published yet", "load and build first: ontime load, ontime build")
    return found


def _with_months() -> Found:
    with opened_reader() as opened:
        return {"months": _told_months(opened), "release": _release(opened)}


def _told_months(opened: Reader) -> str:
    months = _months(opened)
    return f"{months[0]:%Y-%m}..{months[-1]:%Y-%m}, {len(months)} months"


def _release(opened: Reader) -> Found | None:
    found = rows_of(opened, PUBLICATION).records
    return found[0] if found else None


def _agreement(opened: Reader, months: Sequence[date]) -> Any:
    found = rows_of(opened, AGREEMENT.format(months=",".join(map(str, months)))).records
    return found or "no published totals of these months are loaded, so nothing to agree with"


def _as_list(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _literals(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
