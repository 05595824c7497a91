"""Airports of the world with their time zones (PyPI, MIT)."""

from pathlib import Path

from ingestion.source import Dataset, Source, names
from ingestion.sources.packages import folder_of


def packaged_files() -> list[Path]:
    """The file of airports of the installed package. Raises OntimeError when the package is not installed."""
    return [folder_of("airportsdata") / "airports.csv"]


AIRPORTSDATA = Source(
    "airportsdata",
    (Dataset("airports", names("icao iata name city subd country elevation lat lon tz lid")),),
    default_files=packaged_files,
)
