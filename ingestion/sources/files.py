"""Anything else: tables that an analyst brings along, each in a raw table named after its file."""

from ingestion.data_file import DATA_SUFFIXES
from ingestion.source import Source

_JSON_LINES = (".jsonl", ".ndjson", ".json")

FILES = Source(
    name="files",
    datasets=(),
    suffixes=(*DATA_SUFFIXES, *_JSON_LINES),
    takes_any_table=True,
)
