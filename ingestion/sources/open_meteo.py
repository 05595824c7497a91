"""Modelled weather of each hour from Open-Meteo's archive, CC BY 4.0: credit is due, see docs/weather.md.

Asked for by ingestion/apis/open_meteo.py; airport and place of a file are in its request. Units: C, %, mm,
km/h, degrees, hPa.
"""

from ingestion.source import Dataset, Source, names

OPEN_METEO = Source(
    "open_meteo",
    (
        Dataset(
            "archive",
            names(
                "time temperature_2m relative_humidity_2m dew_point_2m precipitation wind_speed_10m"
                " wind_direction_10m wind_gusts_10m pressure_msl weather_code cloud_cover"
            ),
            form="hours of the archive",
        ),
    ),
    is_asked=True,
)
