"""Objects in buckets, through fsspec: s3, gs and az, each with an optional package of its own."""

import errno
import glob
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import fsspec

from ingestion.data_file import may_hold_data
from ingestion.errors import OntimeError, root_of
from ingestion.finding.fetch.addresses import scheme_of
from ingestion.finding.fetch.cache import Entry, Stamp
from ingestion.finding.fetch.remote import Remote, Transfer, failure, not_there


class Kind(NamedTuple):
    """What reads a kind of bucket, and where that finds its credentials."""

    package: str
    credentials: str


KINDS = {
    "s3": Kind("s3fs", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
    "gs": Kind("gcsfs", "GOOGLE_APPLICATION_CREDENTIALS, or use `gcloud auth application-default login`"),
    "az": Kind("adlfs", "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"),
}
INSTALL = "make cloud"

# Each library names the time of the last change its own way.
_LAST_MODIFIED = ("LastModified", "last_modified", "updated")

# What the disk of the cache can say during a transfer, among the errors of the other side.
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def remotes(address: str, suffixes: Sequence[str]) -> list[Remote]:
    """The objects that an address names: a key, what matches a pattern, and of a prefix, but not of those
    below it, those whose keys end with one of `suffixes`.

    Raises OntimeError when it names none, or the bucket cannot be read.
    """
    scheme, _, place = address.partition("://")
    scheme = scheme.lower()
    kind = KINDS[scheme]
    if "@" in place.partition("/")[0]:
        raise failure(address, "the address of a bucket holds no user", f"set {kind.credentials}")
    logging.getLogger(kind.package).setLevel(logging.CRITICAL)  # it tells errors too, and with them secrets
    with _errors_of(address):
        # Nothing kept from an earlier call: buckets and credentials change while a process lives.
        system = fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)
        keys = _keys(system, place, suffixes)
    if not keys:
        raise failure(address, "names no data files", "docs/loading.md says what is loaded")
    return [_remote(system, key, f"{scheme}://{key}") for key in keys]


def _keys(system: Any, place: str, suffixes: Sequence[str]) -> list[str]:
    """The keys of the objects at a bucket and what follows it, each with its bucket in front."""
    path = place.rstrip("/")
    if glob.has_magic(path):
        return sorted(system.glob(path))
    if not place.endswith("/") and system.info(path)["type"] == "file":
        return [path]
    files = [found["name"] for found in system.ls(path, detail=True) if found["type"] == "file"]
    return sorted(key for key in files if may_hold_data(PurePosixPath(key.rpartition("/")[2]), suffixes))


def _remote(system: Any, key: str, address: str) -> Remote:
    return Remote(address, partial(_bring, system, key, address))


def _bring(system: Any, key: str, address: str, entry: Entry, transfer: Transfer) -> bool:
    """See Remote. The libraries try again by themselves what is worth it."""
    with _errors_of(address):
        stamp = _stamp(system.info(key))
        if stamp == entry.stamp():
            return False
        entry.begin(stamp)
        system.get_file(key, str(entry.part), callback=_Callback(transfer))
        if stamp != _stamp(system.info(key)) or stamp.size != entry.part_size():
            entry.drop_part()
            raise failure(address, "changed while it was fetched", "load again")
    entry.complete(stamp)
    return True


class _Callback(fsspec.Callback):  # type: ignore[misc]
    """Passes on what fsspec tells of a transfer."""

    def __init__(self, transfer: Transfer) -> None:
        super().__init__()
        self._transfer = transfer

    def call(self, *_: Any, **__: Any) -> None:
        self._transfer.has_come(self.value, self.size)


def _stamp(info: dict[str, Any]) -> Stamp:
    etag = info.get("ETag") or info.get("etag")
    changed = next((str(info[name]) for name in _LAST_MODIFIED if info.get(name)), None)
    return Stamp(etag, changed, int(info["size"]))


@contextmanager
def _errors_of(address: str) -> Iterator[None]:
    """Turns errors of the libraries into our own. Their messages are not shown: they may hold credentials."""
    kind = KINDS[str(scheme_of(address))]
    try:
        yield
    except OntimeError:
        raise
    except FileNotFoundError:
        raise not_there(address) from None
    except ImportError:
        raise failure(
            address, f"the Python package {kind.package}, which reads it, is not installed", f"run: {INSTALL}"
        ) from None
    except Exception as error:  # of three libraries, each with classes of its own
        if isinstance(error, OSError) and error.errno in _OF_DISK:
            raise
        if _is_refusal(error):
            raise failure(
                address, "access is refused, or there are no credentials", f"set {kind.credentials}"
            ) from None
        root = root_of(error)
        reason = root.strerror if isinstance(root, OSError) and root.strerror else type(error).__name__
        raise failure(
            address, f"cannot be read: {reason}", "check address, network and the service, then load again"
        ) from None


def _is_refusal(error: Exception) -> bool:
    """Whether credentials are missing or wrong, as far as an error tells; adlfs says ValueError."""
    name = type(error).__name__
    return isinstance(error, PermissionError | ValueError) or "Credential" in name or "Auth" in name
