"""The sources that `ontime load` knows, by name. A new source is a module here and a line in the registry."""

from ingestion.source import Source
from ingestion.sources.nycflights13 import NYCFLIGHTS13

SOURCES: dict[str, Source] = {source.name: source for source in (NYCFLIGHTS13,)}
