"""Which flights went into a figure, which did not and why, and what became of other records of the months."""

from typing import Any

from cli.questions.explain.measures import Measure
from cli.questions.explain.population import Population
from cli.questions.explain.proof import Account, FileRows, LeftOut, Reject
from cli.questions.explain.raw.counting import MonthFiles
from cli.questions.explain.raw.recompute import count_in
from cli.questions.explain.sessions import Session

EXAMPLES = 3
REASONS = 5

REASONS_IN_WORDS = ("cancelled", "diverted", "unknown: no file states it")
WHY = "case when is_cancelled then '{}' when is_diverted then '{}' else '{}' end".format(*REASONS_IN_WORDS)

GOING_IN = """
    select case when {goes_in} then '' else {why} end as why, count(*) as flights
    from {schema}.fct_flights where {group} group by 1 order by 2 desc
"""
LEFT_OUT = """
    select why, flight_key from (
        select
            flight_key,
            why,
            row_number() over (partition by why order by flight_date_local, flight_key) as place
        from (
            select *, {why} as why from {schema}.fct_flights where not coalesce({goes_in}, false) and {group}
        ) as left_out
    ) as numbered
    where place <= {examples}
"""
REJECTS = """
    select file_no, reason, count(*) as records, min(record_no) as record_no,
        (array_agg(raw_text order by record_no))[1] as raw_text
    from {schema}.audit_rejects
    where file_no = any(%s) and (data_month = any(%s) or data_month is null)
    group by file_no, reason order by count(*) desc, reason
"""
DUPLICATES = """
    select count(*) as records from intermediate.int_flights__records as records
    where is_duplicate and version_id = any(%s) and {group}
"""
VERSIONS = """
    select version_id from {schema}.month_versions
    where model_name = 'int_flights__records' and data_month = any(%s) and known_to_utc is null
"""


def account_of(session: Session, measure: Measure | None, population: Population) -> Account:
    """How many flights of a population there are, and went in. Without a measure: all of them."""
    group, values = population.sql()
    goes_in = measure.goes_in if measure else "true"
    filled = {"goes_in": goes_in, "why": WHY, "schema": session.schema, "group": group}
    rows = session.of_marts(GOING_IN.format(**filled), values)
    examples: dict[str, list[str]] = {}
    if any(row["why"] for row in rows):
        for row in session.of_marts(LEFT_OUT.format(**filled, examples=EXAMPLES), values):
            examples.setdefault(row["why"], []).append(row["flight_key"])
    out = tuple(LeftOut(it["why"], it["flights"], tuple(examples[it["why"]])) for it in rows if it["why"])
    flights = sum(row["flights"] for row in rows)
    return Account(flights, flights - sum(it.flights for it in out), out)


def files_of_group(
    session: Session, months: tuple[MonthFiles, ...], population: Population
) -> tuple[FileRows, ...]:
    """The files that state the months, with their records of the group whether or not they count."""
    found: list[FileRows] = []
    rejected = _rejected(session)
    of_file: dict[int, int | None] = {}
    for month in months:
        for standing in month.standings:
            file = standing.file
            # one month, or a file that counts: what it has of the group is what went in
            if len(months) == 1 and (len(month.standings) > 1 or month.refusal):
                of_file[file.file_no] = count_in(session, file, population)
            found.append(
                FileRows(
                    file.file_no,
                    file.file_name,
                    f"{file.source}.{file.dataset}",
                    file.received,
                    f"{month.month:%Y-%m}",
                    standing.state,
                    standing.why,
                    of_file.get(file.file_no),
                    rejected.get(file.file_no, 0),
                )
            )
    return tuple(found)


def rejects_of(session: Session, months: tuple[MonthFiles, ...]) -> tuple[Reject, ...]:
    """Records of the months, or of no month, that were rejected, by reason; the most frequent ones."""
    file_nos = sorted({it.file.file_no for month in months for it in month.standings})
    if not any(_rejected(session).get(file_no) for file_no in file_nos):
        return ()
    rows = session.of_marts(
        REJECTS.format(schema=session.schema), [file_nos, [month.month for month in months]]
    )
    return tuple(
        Reject(it["file_no"], it["reason"], it["records"], it["record_no"], it["raw_text"])
        for it in rows[:REASONS]
    )


def duplicates_of(session: Session, months: tuple[MonthFiles, ...], population: Population) -> int | None:
    """Records of the group that state a flight once more; None where no file of the months has any."""
    ledger = session.once(
        "duplicates",
        lambda: session.of_marts(
            f"select file_no from {session.schema}.audit_row_ledger "
            "where rows_duplicate > 0 and entity = 'flights'"
        ),
    )
    with_some = {row["file_no"] for row in ledger}
    if not any(it.file.file_no in with_some for month in months for it in month.standings):
        return None
    versions = session.of_marts(VERSIONS.format(schema=session.schema), [[it.month for it in months]])
    group, values = population.sql()
    ids: list[Any] = [row["version_id"] for row in versions]
    return int(session.of_raw(DUPLICATES.format(group=group), [ids, *values])[0]["records"])


def _rejected(session: Session) -> dict[int, int]:
    rows = session.once(
        "rejected",
        lambda: session.of_marts(
            f"select file_no, rows_rejected from {session.schema}.audit_row_ledger where rows_rejected > 0"
        ),
    )
    return {row["file_no"]: row["rows_rejected"] for row in rows}
