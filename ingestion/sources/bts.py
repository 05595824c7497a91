"""Airline on-time performance of the Bureau of Transportation Statistics (public domain), in each form in
which people have it, and the tables that explain its codes.

Each form lands with its own columns; `models/staging/bts` makes one table of those that hold flights. BTS
publishes the flights of a month as one archive, at an address that follows from the month.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from ingestion.data_file import Wanted
from ingestion.errors import OntimeError
from ingestion.source import Dataset, Source, names
from ingestion.sources.nycflights13 import FLIGHTS


def _diversions(*of_each: str) -> tuple[str, ...]:
    """Columns of up to five airports at which a diverted flight landed."""
    return tuple(f"div{number}_{name}" for number in range(1, 6) for name in of_each)


# --- Monthly archives (PREZIP): all columns, one month ---

_ARCHIVE_DATE = names("year quarter month dayof_month day_of_week flight_date")
_ARCHIVE_FLIGHT = (
    *names(
        """origin_airport_id origin_airport_seq_id origin_city_market_id origin origin_city_name origin_state
        origin_state_fips origin_state_name origin_wac
        dest_airport_id dest_airport_seq_id dest_city_market_id dest dest_city_name dest_state
        dest_state_fips dest_state_name dest_wac
        crs_dep_time dep_time dep_delay dep_delay_minutes dep_del15 departure_delay_groups dep_time_blk
        taxi_out wheels_off wheels_on taxi_in
        crs_arr_time arr_time arr_delay arr_delay_minutes arr_del15 arrival_delay_groups arr_time_blk
        cancelled cancellation_code diverted crs_elapsed_time actual_elapsed_time air_time flights distance
        distance_group carrier_delay weather_delay nas_delay security_delay late_aircraft_delay
        first_dep_time total_add_g_time longest_add_g_time
        div_airport_landings div_reached_dest div_actual_elapsed_time div_arr_delay div_distance"""
    ),
    *_diversions(
        *names("airport airport_id airport_seq_id wheels_on total_g_time longest_g_time wheels_off tail_num")
    ),
)
_MONTH = ("year", "month")

_MONTHLY = (
    Dataset(
        "ontime_monthly",
        (
            *_ARCHIVE_DATE,
            *names(
                """reporting_airline dot_id_reporting_airline iata_code_reporting_airline tail_number
                flight_number_reporting_airline"""
            ),
            *_ARCHIVE_FLIGHT,
        ),
        form="monthly archive since 2018",
        one_month=_MONTH,
    ),
    Dataset(
        "ontime_monthly_before_2018",
        (*_ARCHIVE_DATE, *names("unique_carrier airline_id carrier tail_num flight_num"), *_ARCHIVE_FLIGHT),
        form="monthly archive before 2018",
        one_month=_MONTH,
    ),
    Dataset(
        "marketing_monthly",
        (
            *_ARCHIVE_DATE,
            *names(
                """marketing_airline_network operated_or_branded_code_share_partners dot_id_marketing_airline
                iata_code_marketing_airline flight_number_marketing_airline
                originally_scheduled_code_share_airline dot_id_originally_scheduled_code_share_airline
                iata_code_originally_scheduled_code_share_airline
                flight_num_originally_scheduled_code_share_airline
                operating_airline dot_id_operating_airline iata_code_operating_airline tail_number
                flight_number_operating_airline"""
            ),
            *_ARCHIVE_FLIGHT,
            "duplicate",
        ),
        needs=names("year month flight_date marketing_airline_network origin dest"),
        form="monthly archive of the marketing-carrier table",
        one_month=_MONTH,
        caution="the marketing-carrier table holds code-shares too; it is kept apart from the flights",
    ),
)

# --- Custom selections: the columns that the user ticked ---

_SELECTED_FLIGHT = (
    *names(
        """year quarter month day_of_month day_of_week fl_date tail_num
        origin_airport_id origin_airport_seq_id origin_city_market_id origin origin_city_name origin_state_abr
        origin_state_fips origin_state_nm origin_wac
        dest_airport_id dest_airport_seq_id dest_city_market_id dest dest_city_name dest_state_abr
        dest_state_fips dest_state_nm dest_wac
        crs_dep_time dep_time dep_delay dep_delay_new dep_del15 dep_delay_group dep_time_blk
        taxi_out wheels_off wheels_on taxi_in
        crs_arr_time arr_time arr_delay arr_delay_new arr_del15 arr_delay_group arr_time_blk
        cancelled cancellation_code diverted crs_elapsed_time actual_elapsed_time air_time flights distance
        distance_group carrier_delay weather_delay nas_delay security_delay late_aircraft_delay
        first_dep_time total_add_gtime longest_add_gtime
        div_airport_landings div_reached_dest div_actual_elapsed_time div_arr_delay div_distance"""
    ),
    *_diversions(
        *names("airport airport_id airport_seq_id wheels_on total_gtime longest_gtime wheels_off tail_num")
    ),
)
_OPERATED_BY = names("op_unique_carrier op_carrier_airline_id op_carrier op_carrier_fl_num")
_OPERATED_BY_BEFORE_2018 = names("unique_carrier airline_id carrier fl_num")
_MARKETED_BY = names(
    """mkt_unique_carrier mkt_carrier_airline_id mkt_carrier mkt_carrier_fl_num branded_code_share
    sch_op_unique_carrier sch_op_carrier_airline_id sch_op_carrier sch_op_carrier_fl_num dup"""
)
_DATE_AND_AIRPORTS = (
    "fl_date | year month day_of_month",
    "origin | origin_airport_id | origin_airport_seq_id",
    "dest | dest_airport_id | dest_airport_seq_id",
)

# What others call the columns of a selection, whatever they left out: subsets of the monthly archives, of
# Data Expo (hflights) and of nycflights13 (pnwflights14), and the flights of 2019 to 2023 on Kaggle.
# `names_in_extracts` in macros/staging/bts.sql says what each means.
_EXTRACTED_BY_OTHERS = (
    *names(
        """flight_date reporting_airline dot_id_reporting_airline iata_code_reporting_airline tail_number
        flight_number_reporting_airline"""
    ),
    *(column for column in _ARCHIVE_FLIGHT if column not in _SELECTED_FLIGHT),
    *names("dayof_month flight_num"),
    *names("day sched_dep_time sched_arr_time flight tailnum hour minute time_hour"),
    *names(
        """airline airline_dot airline_code dot_code fl_number origin_city dest_city elapsed_time
        delay_due_carrier delay_due_weather delay_due_nas delay_due_security delay_due_late_aircraft"""
    ),
)

_SELECTIONS = (
    Dataset(
        "ontime_selection",
        (*_SELECTED_FLIGHT, *_OPERATED_BY, *_OPERATED_BY_BEFORE_2018, *_EXTRACTED_BY_OTHERS),
        needs=(
            "fl_date | year month day_of_month | year month dayof_month | year month day | flight_date",
            *_DATE_AND_AIRPORTS[1:],
            "op_unique_carrier | op_carrier | op_carrier_airline_id | unique_carrier | carrier | airline_id"
            " | reporting_airline | dot_id_reporting_airline | airline_code | dot_code",
        ),
        form="custom selection",
        month_first=("fl_date", "flight_date"),
    ),
    Dataset(
        "ontime_without_carrier",
        _SELECTED_FLIGHT,
        needs=_DATE_AND_AIRPORTS,
        form="custom selection without carrier",
        caution="without a carrier it cannot be told from the marketing-carrier table; it is kept apart from "
        "the flights; select OP_UNIQUE_CARRIER as well",
    ),
    Dataset(
        "marketing_selection",
        (*_SELECTED_FLIGHT, *_OPERATED_BY, *_MARKETED_BY),
        needs=(*_DATE_AND_AIRPORTS, " | ".join(_MARKETED_BY)),
        form="custom selection of the marketing-carrier table",
        caution="the marketing-carrier table holds code-shares too; it is kept apart from the flights",
    ),
)

# --- Forms of others, made from the same table ---

_OF_OTHERS = (
    Dataset(
        "dataexpo",
        names(
            """year month dayof_month day_of_week dep_time crs_dep_time arr_time crs_arr_time unique_carrier
            flight_num tail_num actual_elapsed_time crs_elapsed_time air_time arr_delay dep_delay origin dest
            distance taxi_in taxi_out cancelled cancellation_code diverted carrier_delay weather_delay
            nas_delay security_delay late_aircraft_delay"""
        ),
        form="Data Expo",
        may_lack_header=True,
        looks_like={
            "year": r"(19|20)\d\d",
            "month": r"\d{1,2}",
            "dayof_month": r"\d{1,2}",
            "day_of_week": r"[1-7]",
            "unique_carrier": r"[0-9A-Z]{2,3}( \(\d\))?",
            "origin": r"[A-Z]{3}",
            "dest": r"[A-Z]{3}",
        },
    ),
    Dataset(
        "kaggle_2015",
        names(
            """year month day day_of_week airline flight_number tail_number origin_airport destination_airport
            scheduled_departure departure_time departure_delay taxi_out wheels_off scheduled_time elapsed_time
            air_time distance wheels_on taxi_in scheduled_arrival arrival_time arrival_delay diverted
            cancelled cancellation_reason air_system_delay security_delay airline_delay late_aircraft_delay
            weather_delay"""
        ),
        form="Kaggle 2015",
    ),
    Dataset("nycflights", FLIGHTS, form="nycflights"),
)

# --- Published totals ---

_DELAY_CAUSES = Dataset(
    "delay_causes",
    names(
        """year month carrier carrier_name airport airport_name arr_flights arr_del15
        carrier_ct weather_ct nas_ct security_ct late_aircraft_ct arr_cancelled arr_diverted
        arr_delay carrier_delay weather_delay nas_delay security_delay late_aircraft_delay"""
    ),
    form="delay-cause totals",
)

# --- Lookup tables: all have the header Code,Description, so their records tell them apart ---

_CARRIER = r"[0-9A-Z]{2,3}( \(\d\))?"
_YEARS = r"\(\d{4} ?- ?(\d{4})? ?\)"  # in which a carrier had its code, open while it has it
_CITY = r".+, [^:]+"  # Albany, GA


def _lookup(name: str, code: str, description: str) -> Dataset:
    return Dataset(
        name, ("code", "description"), form="lookup", looks_like={"code": code, "description": description}
    )


_LOOKUPS = (
    _lookup("carriers", _CARRIER, rf"(?!.*{_YEARS}$|{_CITY}: ).+"),
    _lookup("carrier_history", _CARRIER, rf".+{_YEARS}"),
    _lookup("airline_ids", r"(19|2\d)\d{3}", r".+: [0-9A-Z]{2,3}( \(\d\))?"),
    _lookup("airport_codes", r"[0-9A-Z]{3}", rf"{_CITY}: .+"),
    _lookup("airport_ids", r"1\d{4}", rf"{_CITY}: .+"),
    _lookup("city_markets", r"3\d{4}", _CITY),
    _lookup("cancellations", r"[A-D]", r"Carrier|Weather|National Air System|Security"),
    _lookup("diversions", r"\d", r"(Flight is not|.*) Diverted.*|.*Air Return.*"),
    _lookup("weekdays", r"[1-9]", r"\w+day|Unknown"),
)

_AIRPORT_MASTER = Dataset(
    "airport_master",
    names(
        """airport_seq_id airport_id airport display_airport_name display_airport_city_name_full
        airport_wac_seq_id2 airport_wac airport_country_name airport_country_code_iso airport_state_name
        airport_state_code airport_state_fips city_market_seq_id city_market_id display_city_market_name_full
        city_market_wac_seq_id2 city_market_wac
        lat_degrees lat_hemisphere lat_minutes lat_seconds latitude
        lon_degrees lon_hemisphere lon_minutes lon_seconds longitude
        utc_local_time_variation airport_start_date airport_thru_date airport_is_closed airport_is_latest"""
    ),
    form="airport master record",
    needs=names("airport_seq_id airport_id airport airport_start_date airport_is_latest"),
)

# --- Where BTS publishes a month, and since when ---

URL = "https://transtats.bts.gov/PREZIP/"
_ARCHIVE = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_{year}_{month}.zip"  # month not padded
_FIRST_MONTH = (1987, 10)
_PATIENCE = "BTS publishes a month about two months after its end; load it then"
_MONTHS_OVERDUE = 6  # after its first day: three months after BTS was to publish it
_RANGE = re.compile(r"(\d{4})-(\d\d)(?:\.\.(\d{4})-(\d\d))?")


def archives(ranges: Iterable[str], today: date | None = None) -> list[Wanted]:
    """The archives of months such as `2024-01` and of ranges such as `2023-11..2024-02`, each month once.

    They are at BTS, or in the folder whose address ONTIME_BTS_URL gives. Raises OntimeError for what is no
    month or range, and for months that cannot be published: before the first one, and after that of `today`.
    """
    folder = (os.environ.get("ONTIME_BTS_URL") or URL).rstrip("/") + "/"
    return [
        Wanted(
            folder + _ARCHIVE.format(year=month.year, month=month.month),
            f"{month:%Y-%m}",
            _PATIENCE,
            overdue_on=_months_after(month, _MONTHS_OVERDUE),
        )
        for month in months_of(ranges, today)
    ]


def _months_after(month: date, months: int) -> date:
    count = 12 * month.year + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def months_of(ranges: Iterable[str], today: date | None = None) -> list[date]:
    """The first days of the months of such ranges, each once. Raises OntimeError as `archives`."""
    until = today or datetime.now(UTC).date()
    return list(dict.fromkeys(month for text in ranges for month in _months(text, until)))


def _months(text: str, today: date) -> Iterator[date]:
    """The months of one range."""
    found = _RANGE.fullmatch(text.strip())
    bounds = [int(number) for number in found.groups() if number] if found else []
    first, last = tuple(bounds[:2]), tuple(bounds[-2:])
    if not bounds or not all(1 <= month <= 12 for month in bounds[1::2]) or first > last:
        raise OntimeError(
            f"--months {text}: not a month or a range of months",
            "write --months 2024-01, or --months 2023-11..2024-02",
        )
    if first < _FIRST_MONTH:
        raise OntimeError(f"--months {text}: BTS publishes flights since 1987-10", "begin with 1987-10")
    if last > (today.year, today.month):
        raise OntimeError(
            f"--months {text}: {last[0]}-{last[1]:02} is in the future",
            f"end with {today:%Y-%m} or earlier; BTS publishes a month about two months after its end",
        )
    for count in range(12 * first[0] + first[1] - 1, 12 * last[0] + last[1]):
        yield date(count // 12, count % 12 + 1, 1)


BTS = Source(
    "bts",
    # a whole form before the selections, which know its columns as well
    (*_MONTHLY, *_OF_OTHERS, *_SELECTIONS, _DELAY_CAUSES, *_LOOKUPS, _AIRPORT_MASTER),
    archives=archives,
)
