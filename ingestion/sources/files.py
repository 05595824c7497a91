"""Anything else: tables that an analyst brings along, each in a raw table named after its file."""

from ingestion.source import Source

FILES = Source(name="files", datasets=(), takes_any_table=True)
