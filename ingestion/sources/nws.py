"""Observations of the last days from the National Weather Service, public domain.

Asked for by ingestion/apis/nws.py; airport and station of a file are in its request. Each measure has a
column of its value and one of its unit.
"""

from ingestion.source import Dataset, Source, names

NWS = Source(
    "nws",
    (
        Dataset(
            "observations",
            names(
                "station timestamp raw_message temperature_value temperature_unit dewpoint_value"
                " dewpoint_unit wind_direction_value wind_direction_unit wind_speed_value wind_speed_unit"
                " wind_gust_value wind_gust_unit sea_level_pressure_value sea_level_pressure_unit"
                " visibility_value visibility_unit relative_humidity_value relative_humidity_unit"
                " precipitation_last_hour_value precipitation_last_hour_unit"
            ),
            form="observations",
            may_be_empty=True,
        ),
    ),
    is_asked=True,
)
