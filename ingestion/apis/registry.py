"""The APIs that `ontime load` knows, by the name of their source."""

from ingestion.apis.api import Api
from ingestion.apis.iem import IEM
from ingestion.apis.nws import NWS
from ingestion.apis.open_meteo import OPEN_METEO

APIS: dict[str, Api] = {api.source.name: api for api in (IEM, OPEN_METEO, NWS)}
