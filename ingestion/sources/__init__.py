"""The sources that `ontime load` knows, by name. A new source is a module here and a line in the registry.

Databases are declared in files beside it, `<name>.toml`, and need no line.
"""

from pathlib import Path

from ingestion.source import Source
from ingestion.sources.airportsdata import AIRPORTSDATA
from ingestion.sources.bts import BTS
from ingestion.sources.databases import read_config
from ingestion.sources.faa import FAA
from ingestion.sources.files import FILES
from ingestion.sources.iem import IEM
from ingestion.sources.nws import NWS
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from ingestion.sources.open_meteo import OPEN_METEO
from ingestion.sources.ourairports import OURAIRPORTS

DATABASES = tuple(read_config(file) for file in sorted(Path(__file__).parent.glob("*.toml")))
"""The databases that are declared here."""

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        *(BTS, NYCFLIGHTS13, FAA, OURAIRPORTS, AIRPORTSDATA, IEM, OPEN_METEO, NWS, FILES),
        *(database.source for database in DATABASES),
    )
}
