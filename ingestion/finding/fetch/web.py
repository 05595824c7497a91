"""Downloads over http and https: continued where they broke, tried again, left out when nothing changed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ingestion import http
from ingestion.errors import OntimeError
from ingestion.finding.fetch.addresses import secrets_of, without_secrets
from ingestion.finding.fetch.attempts import LONGEST_PAUSE, BrokenError, attempts, so_far
from ingestion.finding.fetch.cache import Entry, Stamp
from ingestion.finding.fetch.remote import Remote, Transfer, failure, not_there, silence
from ingestion.finding.web_page import page_title

_CHUNK = 1 << 18  # bytes
_HEADERS = {
    "User-Agent": "ontime",
    "Accept-Encoding": "identity",  # packing on the way would make lengths and ranges those of another text
}
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PAGE_START = 1 << 16  # bytes in which a web page says what it is


def remote(address: str) -> Remote:
    """The file at an http or https address."""
    return Remote(address, partial(_bring, address))


def _bring(address: str, entry: Entry, transfer: Transfer) -> bool:
    """See Remote."""
    with requests.Session() as session:
        session.headers.update(_HEADERS)
        return attempts(address, transfer)(_attempt, session, address, entry, entry.stamp(), transfer)


def _attempt(
    session: requests.Session, address: str, entry: Entry, known: Stamp | None, transfer: Transfer
) -> bool:
    """One request, and the writing of its answer; `known` is the stamp of the file that is here.

    Raises BrokenError when another attempt makes sense.
    """
    headers, timeout = _conditions(entry, known), http.TIMEOUTS
    with (
        _errors_of_network(address, entry),
        session.get(address, headers=headers, stream=True, timeout=timeout) as answer,
    ):
        if answer.status_code == 304 and known is not None:
            return False
        _check_status(address, answer, entry)
        stamp = _stamp(answer)
        if answer.status_code == 200:
            entry.begin(stamp)
        elif not _continues(answer, stamp, entry):
            entry.drop_part()
            raise BrokenError("the server sent another part than was asked for")
        with entry.part.open("ab") as part:
            for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                part.write(chunk)
                transfer.has_come(part.tell(), stamp.size)
    here = entry.part_size()
    if stamp.size is not None and here != stamp.size:
        if here > stamp.size:
            entry.drop_part()
        raise BrokenError(f"the server sent {here:,} of {stamp.size:,} bytes")
    _refuse_page(address, entry)
    entry.complete(stamp)
    return True


def _conditions(entry: Entry, known: Stamp | None) -> dict[str, str]:
    """Headers that ask for nothing when the file is current, and for the rest when a part of it is here."""
    headers: dict[str, str] = {}
    if known:
        headers |= {"If-None-Match": known.etag} if known.etag else {}
        headers |= {"If-Modified-Since": known.last_modified} if known.last_modified else {}
    if part := entry.part_stamp():
        strong = part.etag if part.etag and not part.etag.startswith("W/") else part.last_modified
        headers |= {"Range": f"bytes={entry.part_size()}-", "If-Range": strong} if strong else {}
    return headers


def _check_status(address: str, answer: requests.Response, entry: Entry) -> None:
    """Raises unless the answer holds the file or the rest of it."""
    status = f"the server answers {answer.status_code} {answer.reason or ''}".rstrip()
    match answer.status_code:
        case 200 | 206:
            return
        case 407:
            raise failure(address, f"{http.PROXY_FAILS}: {status}", http.MEND_PROXY)
        case 401 | 403:
            raise failure(
                address,
                f"access is refused: {status}",
                "give user and password in ~/.netrc, or a fresh signed address",
            )
        case 404 | 410:
            raise not_there(address)
        case 416:
            entry.drop_part()
            raise BrokenError("the part that is here cannot be continued")
        case code if code >= 500 or code in (408, 425, 429):
            pause = http.retry_after(answer)
            if pause is None or pause <= LONGEST_PAUSE:
                raise BrokenError(status, pause)
            raise silence(address, f"{status} and asks to wait {pause:,.0f} s", "load again after that time")
    raise failure(address, status, "open the address in a browser to see what it is")


def _stamp(answer: requests.Response) -> Stamp:
    """What an answer with status 200 or 206 says of the whole file."""
    headers = answer.headers
    found = _RANGE.fullmatch(headers.get("Content-Range", ""))
    size = found[2] if found else headers.get("Content-Length", "")
    return Stamp(headers.get("ETag"), headers.get("Last-Modified"), int(size) if size.isdigit() else None)


def _continues(answer: requests.Response, stamp: Stamp, entry: Entry) -> bool:
    """Whether a partial answer begins where the part that is here ends, and is of the same file."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    part = entry.part_stamp()
    return (
        found is not None
        and part is not None
        and int(found[1]) == entry.part_size()
        and (part.etag, part.last_modified) == (stamp.etag, stamp.last_modified)
        and (part.size is None or part.size == stamp.size)
    )


def _refuse_page(address: str, entry: Entry) -> None:
    """Raises OntimeError when a web page came: BTS and others answer errors so, with status 200."""
    with entry.part.open("rb") as part:
        title = page_title(part.read(_PAGE_START))
    if title is None:
        return
    entry.drop_part()
    raise failure(
        address,
        f"is a web page, not data: {without_secrets(title, secrets_of(address))[:100]!r}",
        "open the address in a browser to see what it says",
    )


# When an attempt fails


@contextmanager
def _errors_of_network(address: str, entry: Entry) -> Iterator[None]:
    """Turns errors of requests and urllib3, whose messages hold addresses, into our own."""
    try:
        yield
    except (requests.RequestException, HTTPError, OSError) as error:
        if (lasting := _lasting(address, error)) is not None:
            raise lasting from None
        if isinstance(error, requests.Timeout | ReadTimeoutError):
            raise BrokenError(f"no answer for a while{so_far(entry)}") from None
        if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError | HTTPError):
            reason = http.said_by_system(error) or "the connection broke"
            raise BrokenError(f"{reason}{so_far(entry)}") from None
        raise  # of the cache


def _lasting(address: str, error: Exception) -> OntimeError | None:
    """The error that another attempt would meet again, if so."""
    if http.is_of_proxy(error):
        return failure(address, http.proxy_failure(error), http.MEND_PROXY)
    if (distrust := http.distrust(error)) is not None:
        return failure(address, distrust, f"check the address; {http.TRUST_MORE}")
    if http.lacks_bundle(error):
        return failure(address, http.NO_BUNDLE, http.MEND_BUNDLE)
    if isinstance(error, requests.TooManyRedirects):
        return failure(address, "redirects without end", "open the address in a browser")
    if isinstance(error, requests.RequestException) and not isinstance(
        error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
    ):
        return failure(address, "is not a valid address", "check its spelling")
    return None
