"""Calls of `fetch` with one cache, for tests of web addresses and of buckets."""

from io import StringIO
from pathlib import Path

from ingestion.data_file import DATA_SUFFIXES, DataFile, Unreadable, Wanted
from ingestion.finding.fetch.fetch import fetch
from ingestion.progress import PlainProgress


class Fetching:
    """`said` is what the user saw of the last call."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.said = ""

    def all(self, *wanted: str | Path | Wanted) -> list[DataFile | Unreadable]:
        seen = StringIO()
        files = fetch(wanted, DATA_SUFFIXES, self.cache, PlainProgress(seen))
        self.said = seen.getvalue()
        return files

    def one(self, wanted: str | Wanted) -> DataFile:
        """The one file, which comes."""
        (file,) = self.all(wanted)
        assert isinstance(file, DataFile), file
        return file

    def failure(self, wanted: str | Wanted) -> Unreadable:
        """The one file, which does not come."""
        (file,) = self.all(wanted)
        assert isinstance(file, Unreadable), file
        return file

    def left_over(self) -> list[str]:
        """Names of parts in the cache."""
        return [path.name for path in self.cache.rglob("*.part*")]
