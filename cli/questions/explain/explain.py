"""Puts the parts of an explanation together."""

import time
from collections.abc import Mapping
from contextlib import nullcontext
from decimal import ROUND_HALF_UP, Decimal
from math import isclose
from pathlib import Path
from typing import Any

from cli.questions.explain.account import account_of, duplicates_of, files_of_group, rejects_of
from cli.questions.explain.agreement import published_of
from cli.questions.explain.definitions import read_definitions
from cli.questions.explain.explanation import Explanation
from cli.questions.explain.proof import Before, Recomputation, spelled
from cli.questions.explain.provenance import (
    before_of,
    before_of_flight,
    fingerprints,
    lines_of,
    raw_lines,
    releases_of,
)
from cli.questions.explain.raw.clocks import clock_of
from cli.questions.explain.raw.counting import files_of, ledger
from cli.questions.explain.raw.recompute import Recomputed, RefusedError, of_record, recompute
from cli.questions.explain.raw.weather import COLUMNS as WEATHER_COLUMNS
from cli.questions.explain.raw.weather import observed
from cli.questions.explain.sessions import Session, opened_session
from cli.questions.explain.subject import Subject, find
from ingestion import PROJECT

WEATHER = "fct_weather_hourly"
AIRPORTS = ("origin_airport_code_iata", "destination_airport_code_iata")
PATH = "from raw text, with own casts and own choice of files (docs/explain.md)"


def explain(
    subject: str,
    where: Mapping[str, str] | None = None,
    session: Session | None = None,
    project: Path = PROJECT,
) -> Explanation:
    """The proof of one figure: a metric (`on_time_pct`) or a cell (`marts.agg_route_month.on_time_pct`).

    `where` are names and texts, as in `{"carrier": "DL", "month": "2024-03"}`. Without a session one is
    opened for it. Raises OntimeError for what is not there, with the nearest that is.
    """
    began = time.monotonic()
    with nullcontext(session) if session else opened_session() as opened:
        found = find(opened, read_definitions(project), subject, where or {})
        if found.model == WEATHER:
            explanation = _of_weather(opened, found)
        elif found.flight is not None:
            explanation = _of_flight(opened, found)
        else:
            explanation = _of_group(opened, found)
    return Explanation(**{**vars(explanation), "seconds": round(time.monotonic() - began, 3)})


def _of_group(session: Session, subject: Subject) -> Explanation:
    population, measure = subject.population, subject.measure
    parts: dict[str, Any] = {}
    if population is None:
        return _explanation(session, subject, Recomputation("cannot", None, subject.refusal, ""), parts)
    if subject.refusal or measure is None:
        recomputed = Recomputed(refusal=subject.refusal, months=tuple(files_of(session, population.months)))
    else:
        recomputed = recompute(session, measure, population)
    parts["releases"] = releases_of(session, population.months)
    parts["account"] = account_of(session, measure, population)
    parts["files"] = files_of_group(session, recomputed.months, population)
    parts["rejects"] = rejects_of(session, recomputed.months)
    parts["duplicates"] = duplicates_of(session, recomputed.months, population)
    parts["examples"] = lines_of(session, measure, population)
    parts["published"] = published_of(session, subject.column, population)
    parts["before"] = (
        before_of(session, measure, population, parts["releases"])
        if measure
        else Before(None, None, "not told of a figure that is not recomputed")
    )
    return _explanation(session, subject, _compared(subject, recomputed), parts)


def _of_flight(session: Session, subject: Subject) -> Explanation:
    flight = dict(subject.flight or {})
    parts: dict[str, Any] = {
        "examples": raw_lines(session, [flight]),
        "releases": releases_of(session, (flight["flight_month"],)),
    }
    file = next((it for it in ledger(session).files if it.file_no == flight["source_file_no"]), None)
    months = tuple(files_of(session, (flight["flight_month"],)))
    refusal = subject.refusal or next((month.refusal for month in months if month.refusal), "")
    if file is None:
        refusal = refusal or "the form of its file has no independent path"
    elif not refusal:
        needed = {*AIRPORTS} if subject.is_clock else {subject.column}
        refusal = next((why for column, why in file.unknown.items() if column in needed), "")
    if subject.column_sql or subject.is_clock:
        parts["before"] = before_of_flight(session, flight, subject.column_sql or subject.column)
    if refusal or file is None:
        return _explanation(session, subject, Recomputation("cannot", None, refusal, ""), parts)
    value, sql = None, ""
    if subject.is_clock:
        try:
            value, sql = clock_of(session, file, flight["source_record_no"], subject.column)
        except RefusedError as refused:
            return _explanation(session, subject, Recomputation("cannot", None, str(refused), ""), parts)
    else:
        value, sql = of_record(session, file, flight["source_record_no"], subject.column_sql)
    return _explanation(session, subject, _compared(subject, Recomputed(value, sql=sql)), parts)


def _of_weather(session: Session, subject: Subject) -> Explanation:
    """One observation: its record, and the value read once more from all records of its hour."""
    row = dict(subject.row)
    place = f"{row['airport_code_iata']} {row['observation_hour_utc']}"
    parts = {"examples": raw_lines(session, [{"flight_key": place, **row}])}
    if subject.column not in WEATHER_COLUMNS:
        refusal = f"{subject.column} is a key of the row or says where it stands, and is not a figure"
        return _explanation(session, subject, Recomputation("cannot", None, refusal, ""), parts)
    try:
        value = observed(session, row, subject.column)
    except RefusedError as refused:
        return _explanation(session, subject, Recomputation("cannot", None, str(refused), ""), parts)
    if isinstance(value, float) and isinstance(subject.value, float) and isclose(value, subject.value):
        value = subject.value  # the last digit of a quotient is the machine's
    return _explanation(session, subject, _compared(subject, Recomputed(value)), parts)


def _compared(subject: Subject, recomputed: Recomputed) -> Recomputation:
    if recomputed.refusal:
        return Recomputation("cannot", None, recomputed.refusal, "")
    value = _rounded(recomputed.value, subject)
    if is_same(subject.value, value):
        return Recomputation("equal", value, f"{spelled(value)} {PATH}: the same", recomputed.sql)
    words = f"{subject.name} shows {spelled(subject.value)}, and {PATH} it is {spelled(value)}"
    return Recomputation("different", value, words, recomputed.sql)


def is_same(one: Any, other: Any) -> bool:
    """Two figures, or two missing ones, whatever number types they are."""
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)


def _rounded(value: Any, subject: Subject) -> Any:
    """In as many decimals as are shown; halves go away from zero, and metrics lose their last zeros."""
    if subject.decimals is None or value is None or isinstance(value, bool):
        return value
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-subject.decimals), ROUND_HALF_UP)
    if subject.kind == "metric":
        return Decimal(f"{rounded:f}".rstrip("0").rstrip(".")) if "." in f"{rounded:f}" else rounded
    return rounded


def _explanation(
    session: Session, subject: Subject, recomputation: Recomputation, parts: Mapping[str, Any]
) -> Explanation:
    digests, published_at = fingerprints(session, subject.model)
    measure = subject.measure
    return Explanation(
        subject=subject.name,
        kind=subject.kind,
        where=dict(subject.where),
        value=subject.value,
        definition=subject.words,
        sql=subject.sql,
        additive=measure.why_not_added if measure else "",
        model=subject.model,
        fingerprints=digests,
        published_at=published_at,
        recomputation=recomputation,
        **parts,
    )
