"""Downloads over http and https: continued where they broke, tried again, left out when nothing changed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import requests
from tenacity import RetryCallState
from tenacity.nap import sleep_using_event
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ingestion import http
from ingestion.finding.fetch.cache import Entry, Stamp
from ingestion.finding.fetch.remote import Remote, Transfer, failure, not_there
from ingestion.finding.web_page import page_title

LONGEST_PAUSE = 120.0  # seconds; a server that asks for more patience is left alone

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


class _BrokenError(Exception):
    """An attempt failed, and the next one may not. `pause` is what the server asks for, in seconds."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def _bring(address: str, entry: Entry, transfer: Transfer) -> bool:
    """See Remote."""

    def say_why(state: RetryCallState) -> None:
        pause = state.next_action.sleep if state.next_action else 0
        transfer.progress.say(f"{transfer.location}: {http.error_of(state)}; trying again in {pause:.0f} s")

    attempts = http.attempts(
        may_pass=lambda error: isinstance(error, _BrokenError),
        asked=_asked_pause,
        longest_pause=LONGEST_PAUSE,
        jitter=http.FIRST_PAUSE,
        before_sleep=say_why,
        sleep=sleep_using_event(transfer.stopping),
    )
    with requests.Session() as session:
        session.headers.update(_HEADERS)
        try:
            return attempts(_attempt, session, address, entry, entry.stamp(), transfer)
        except _BrokenError as broken:
            tried = attempts.statistics["attempt_number"]
            raise failure(
                address,
                f"{broken} (attempt {tried} of {http.ATTEMPTS})",
                "check address and network, then load again; what has come is kept",
            ) from None


def _attempt(
    session: requests.Session, address: str, entry: Entry, known: Stamp | None, transfer: Transfer
) -> bool:
    """One request, and the writing of its answer; `known` is the stamp of the file that is here.

    Raises _BrokenError when another attempt makes sense.
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
            raise _BrokenError("the server sent another part than was asked for")
        with entry.part.open("ab") as part:
            for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                part.write(chunk)
                transfer.has_come(part.tell(), stamp.size)
    here = entry.part_size()
    if stamp.size is not None and here != stamp.size:
        if here > stamp.size:
            entry.drop_part()
        raise _BrokenError(f"the server sent {here:,} of {stamp.size:,} bytes")
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
        case 401 | 403 | 407:
            raise failure(
                address,
                f"access is refused: {status}",
                "give user and password in ~/.netrc, or a fresh signed address",
            )
        case 404 | 410:
            raise not_there(address)
        case 416:
            entry.drop_part()
            raise _BrokenError("the part that is here cannot be continued")
        case code if code >= 500 or code in (408, 425, 429):
            pause = http.retry_after(answer)
            if pause is None or pause <= LONGEST_PAUSE:
                raise _BrokenError(status, pause)
            raise failure(address, f"{status} and asks to wait {pause:,.0f} s", "load again after that time")
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
        f"is a web page, not data: {title[:100]!r}",
        "open the address in a browser to see what it says",
    )


# When an attempt fails


@contextmanager
def _errors_of_network(address: str, entry: Entry) -> Iterator[None]:
    """Turns errors of requests and urllib3, whose messages hold addresses, into our own."""
    try:
        yield
    except (requests.Timeout, ReadTimeoutError):
        raise _BrokenError(f"no answer for a while{_so_far(entry)}") from None
    except (requests.ConnectionError, HTTPError) as error:
        if (distrust := http.distrust(error)) is not None:
            raise failure(address, distrust, f"check the address; {http.TRUST_MORE}") from None
        reason = http.said_by_system(error) or "the connection broke"
        raise _BrokenError(f"{reason}{_so_far(entry)}") from None
    except requests.TooManyRedirects:
        raise failure(address, "redirects without end", "open the address in a browser") from None
    except requests.RequestException:
        raise failure(address, "is not a valid address", "check its spelling") from None


def _so_far(entry: Entry) -> str:
    return f" after {entry.part_size():,} bytes" if entry.part_size() else ""


def _asked_pause(error: BaseException) -> float | None:
    """Seconds that the server asks to wait."""
    return error.pause if isinstance(error, _BrokenError) else None
