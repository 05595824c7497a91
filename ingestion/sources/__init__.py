"""The sources that `ontime load` knows, by name. A new source is a module here and a line in the registry.

Databases are declared in files beside it, `<name>.toml`, and need no line.
"""

from collections.abc import Iterator
from pathlib import Path

from ingestion.source import Source
from ingestion.sources.airportsdata import AIRPORTSDATA
from ingestion.sources.bts import BTS
from ingestion.sources.databases import Database, read_config
from ingestion.sources.faa import FAA
from ingestion.sources.files import FILES
from ingestion.sources.iem import IEM
from ingestion.sources.nws import NWS
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from ingestion.sources.open_meteo import OPEN_METEO
from ingestion.sources.ourairports import OURAIRPORTS
from ingestion.sources.predictions import PREDICTIONS

_OF_MODULES = (BTS, NYCFLIGHTS13, FAA, OURAIRPORTS, AIRPORTSDATA, IEM, OPEN_METEO, NWS, PREDICTIONS, FILES)

TAKEN = frozenset(source.name for source in _OF_MODULES)
"""The names that no database can have."""


def _databases() -> Iterator[Database]:
    taken = set(TAKEN)
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        database = read_config(file, taken)
        taken.add(database.name)
        yield database


DATABASES = tuple(_databases())
"""The databases that are declared here."""

SOURCES: dict[str, Source] = {
    source.name: source for source in (*_OF_MODULES, *(database.source for database in DATABASES))
}
