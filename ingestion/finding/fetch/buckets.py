"""Objects in buckets, through fsspec: s3, gs and az, each with an optional package of its own."""

import errno
import glob
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.request import getproxies

import fsspec

from ingestion import http
from ingestion.data_file import may_hold_data
from ingestion.errors import OntimeError, chain_of, root_of
from ingestion.finding.fetch.addresses import scheme_of
from ingestion.finding.fetch.attempts import BrokenError, attempts, so_far
from ingestion.finding.fetch.cache import Entry, Stamp
from ingestion.finding.fetch.remote import Remote, Transfer, failure, not_there, silence


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

_RANGE = 8 << 20  # bytes of a request: what is lost when one breaks

# Each library names the time of the last change its own way.
_LAST_MODIFIED = ("LastModified", "last_modified", "updated")

# How the libraries call logins that end by themselves, and proxies.
_EXPIRED = re.compile(r"Expired|has expired|SSOToken|TokenRetrieval|RefreshError")
_PROXY = re.compile(r"Proxy(Connection)?Error")
_BUNDLE = "AWS_CA_BUNDLE"
_TRUST_MORE = f"{_BUNDLE}, or SSL_CERT_FILE for others, names a file with further certificates to trust"

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
    with errors_of(address):
        # Nothing kept from an earlier call: buckets and credentials change while a process lives.
        system = fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)
        keys = _keys(system, place, suffixes)
    if not keys:
        raise failure(address, "names no data files", "docs/loading.md says what is loaded")
    system.retries = 1  # of s3fs and gcsfs, which tell nobody: from here on attempts are ours
    return [_remote(system, key, f"{scheme}://{key}") for key in keys]


def _keys(system: Any, place: str, suffixes: Sequence[str]) -> list[str]:
    """The keys of the objects at a bucket and what follows it, each with its bucket in front."""
    path = place.rstrip("/")
    if glob.has_magic(path):
        found = system.glob(path, detail=True).values()
        return sorted(info["name"] for info in found if _is_file(info))
    if not place.endswith("/") and _info(system, path)["type"] == "file":
        return [path]
    files = [info["name"] for info in system.ls(path, detail=True) if _is_file(info)]
    return sorted(key for key in files if may_hold_data(PurePosixPath(key.rpartition("/")[2]), suffixes))


def _info(system: Any, path: str) -> dict[str, Any]:
    """What the library says of an object. S3 gives no reason for a refusal here, but for one to list."""
    try:
        found: dict[str, Any] = system.info(path)
    except OSError as error:
        if error.errno == errno.EINVAL:
            system.ls(path.rpartition("/")[0])
        raise
    return found


def _is_file(info: dict[str, Any]) -> bool:
    """Whether this is an object with data: for a folder, consoles make one whose key ends with a slash."""
    return info["type"] == "file" and not info["name"].endswith("/")


def _remote(system: Any, key: str, address: str) -> Remote:
    return Remote(address, partial(_bring, system, key, address))


def _bring(system: Any, key: str, address: str, entry: Entry, transfer: Transfer) -> bool:
    """See Remote. It is tried again like any address."""
    return attempts(address, transfer)(_attempt, system, key, address, entry, transfer)


def _attempt(system: Any, key: str, address: str, entry: Entry, transfer: Transfer) -> bool:
    """Brings what is missing, one range after the other. Raises BrokenError when another attempt makes sense.

    The libraries would bring a large object in several ranges at once, of which nothing is whole when one
    breaks.
    """
    with errors_of(address, entry):
        info = _info(system, key)
        stamp, size = _stamp(info), int(info["size"])
        if stamp == entry.stamp():
            return False
        if stamp != entry.part_stamp():
            entry.begin(stamp)
        with entry.part.open("ab") as part:
            while (here := part.tell()) < size:
                part.write(system.cat_file(key, start=here, end=min(here + _RANGE, size)))
                part.flush()
                if part.tell() == here:
                    raise BrokenError("the server sent nothing")
                transfer.has_come(part.tell(), size)
        if stamp != _stamp(system.info(key)) or size != entry.part_size():
            entry.drop_part()
            raise failure(address, "changed while it was fetched", "load again")
    entry.complete(stamp)
    return True


def _stamp(info: dict[str, Any]) -> Stamp:
    etag = info.get("ETag") or info.get("etag")
    changed = next((str(info[name]) for name in _LAST_MODIFIED if info.get(name)), None)
    return Stamp(etag, changed, int(info["size"]))


@contextmanager
def errors_of(address: str, entry: Entry | None = None, *, done: str = "read") -> Iterator[None]:
    """Turns errors of the libraries into our own. With an entry, what may pass becomes a BrokenError.

    `done` says what could not be done.
    """
    try:
        yield
    except (OntimeError, BrokenError):
        raise
    except Exception as error:  # of three libraries, each with classes of its own
        if isinstance(error, OSError) and error.errno in _OF_DISK:
            raise
        if (lasting := _lasting(address, error)) is not None:
            raise lasting from None
        root = root_of(error)
        reason = root.strerror if isinstance(root, OSError) and root.strerror else type(error).__name__
        if entry is not None:
            raise BrokenError(f"{reason}{so_far(entry)}") from None
        proxy = ", and HTTPS_PROXY, which names a proxy" if getproxies() else ""
        raise silence(
            address,
            f"cannot be {done}: {reason}",
            f"check address, network and the service{proxy}, then load again",
        ) from None


def _lasting(address: str, error: Exception) -> OntimeError | None:
    """The error that another attempt would meet again, if so.

    What the libraries say is not shown: it may hold credentials.
    """
    kind = KINDS[str(scheme_of(address))]
    if isinstance(root_of(error), FileNotFoundError) and _lacks_bundle():
        return failure(address, http.NO_BUNDLE, f"check {_BUNDLE}, which names it")
    if isinstance(error, FileNotFoundError):
        return not_there(address)
    if isinstance(error, ImportError):
        missing = f"the Python package {kind.package}, which reads it, is not installed"
        return failure(address, missing, f"run: {INSTALL}")
    if (distrust := http.distrust(error)) is not None:
        return failure(address, distrust, f"check the address; {_TRUST_MORE}")
    if _says(error, _PROXY):
        return failure(address, http.proxy_failure(error), http.MEND_PROXY)
    if _says(error, _EXPIRED):
        return failure(address, "the login has expired", f"log in again, or set fresh {kind.credentials}")
    if _is_refusal(error):
        return failure(address, "access is refused, or there are no credentials", f"set {kind.credentials}")
    return None


def _lacks_bundle() -> bool:
    """Whether there is no file of certificates where the environment names one: the libraries do not say."""
    named = os.environ.get(_BUNDLE)
    return named is not None and not Path(named).is_file()


def _is_refusal(error: Exception) -> bool:
    """Whether credentials are missing or wrong, as far as an error tells; adlfs says ValueError."""
    name = type(error).__name__
    return isinstance(error, PermissionError | ValueError) or "Credential" in name or "Auth" in name


def _says(error: BaseException | None, words: re.Pattern[str]) -> bool:
    """Whether an error, or one that it came from, is called so or says so."""
    return any(words.search(f"{type(it).__name__} {it}") for it in chain_of(error))
