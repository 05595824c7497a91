"""The unit, zone or issuer of a column, which its name says: names of columns are held to it."""

import re

BY_NAME = (
    (r"^late_\d+_minutes$", "flights"),  # counts of flights that were later than that
    (r"flights_per_day$", "flights a day"),
    (r"_pct(_|$)", "percent"),
    (r"_minutes(_|$)", "minutes"),
    (r"(^|_)seconds$", "seconds"),
    (r"_miles$", "miles"),
    (r"_feet$", "feet"),
    (r"_inches$", "inches"),
    (r"_mph$", "miles per hour"),
    (r"_degrees$", "degrees"),
    (r"_fahrenheit$", "°F"),
    (r"_millibars$", "millibars"),
    (r"_utc$", "UTC"),
    (r"_local$", "local clock of the airport"),
    (r"_code_iata$", "IATA code"),
    (r"_code_icao$", "ICAO code"),
    (r"_code_iso$", "ISO code"),
    (r"_id_bts$", "number by BTS"),
    (
        r"^(observed|expected|expected_low|expected_high|value_before|value_after|difference)$",
        "of its measure",
    ),
)
"""What a name has in it, whatever the type."""

COUNTS = (
    (r"flight_number|_number$|_no$", ""),
    (r"^(rows_|row_count)", "rows"),
    (r"^values_", "values"),
    (r"legs", "legs"),
    (r"(^|_)days(_|$)", "days"),
    (r"months_", "months"),
    (r"landings$", "landings"),
    (r"releases$", "releases"),
    (r"flights|cancelled|diverted|outliers|delays|arrivals|departures|waiting", "flights"),
    (r"^(published_)?(late|on_time|with_known_outcome)$", "flights"),
)
"""The same of whole numbers."""

WHOLE_NUMBERS = ("bigint", "integer")


def unit_of(name: str, data_type: str) -> str:
    """`minutes` for arr_delay_minutes; empty where the name says none."""
    if data_type == "boolean":
        return "yes or no"
    if data_type == "date":
        return "first day of the month" if name.endswith("_month") else "day"
    rules = (*BY_NAME, *COUNTS) if data_type in WHOLE_NUMBERS else BY_NAME
    return next((unit for pattern, unit in rules if re.search(pattern, name)), "")
