"""Calls of `fetch` with one cache, for tests of web addresses and of buckets."""

from io import StringIO
from pathlib import Path

from ingestion.fetch.addresses import Fetched, Unfetched, Wanted
from ingestion.fetch.fetch import fetch
from ingestion.progress import PlainProgress


class Fetching:
    """`said` is what the user saw of the last call."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.said = ""

    def all(self, *wanted: str | Path | Wanted) -> list[Fetched | Unfetched]:
        seen = StringIO()
        files = fetch(wanted, self.cache, PlainProgress(seen))
        self.said = seen.getvalue()
        return files

    def one(self, wanted: str | Wanted) -> Fetched:
        """The one file, which comes."""
        (file,) = self.all(wanted)
        assert isinstance(file, Fetched), file
        return file

    def failure(self, wanted: str | Wanted) -> Unfetched:
        """The one file, which does not come."""
        (file,) = self.all(wanted)
        assert isinstance(file, Unfetched), file
        return file

    def left_over(self) -> list[str]:
        """Names of parts in the cache."""
        return [path.name for path in self.cache.rglob("*.part*")]
