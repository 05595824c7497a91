"""Anything else: tables that an analyst brings along, each in a raw table named after its file."""

from ingestion.data_file import DATA_SUFFIXES
from ingestion.source import Source

_TEXT = (".tsv", ".tab", ".psv", ".jsonl", ".ndjson", ".json")
_BINARY = (".parquet", ".xlsx", ".xlsm")

FILES = Source(
    name="files",
    datasets=(),
    suffixes=(*DATA_SUFFIXES, *_TEXT, *_BINARY),
    takes_any_table=True,
)
