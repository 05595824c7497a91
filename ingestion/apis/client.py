"""Asks an API at the pace that it asks for, and says why there is no answer.

The session tries again what may pass: status 429 and 5xx, silence, lost connections; with growing pauses or
those that the server asks for, up to LONGEST_PAUSE. A hook sees each response before that, so that an answer
which is cut off counts as lost, and quotas that are used up are not asked again.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import dlt
import requests
from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from requests.adapters import HTTPAdapter

from ingestion import http
from ingestion.apis.api import Api, CutOffError, Endpoint, Question, UnfitError
from ingestion.apis.response_body import said
from ingestion.dlt.pipeline import use_settings
from ingestion.errors import LaterError, OntimeError, PassingError, chain_of
from ingestion.finding.fetch.addresses import secrets_of, without_secrets

LONGEST_PAUSE = 300.0  # seconds; a server that asks for more patience is left alone
MINUTE = 61.0  # seconds after which a limit by the minute has passed
MOST_PAGES = 50  # of one answer

_HEADERS = {"User-Agent": "ontime (warehouse of airline on-time performance)"}  # NWS wants to know who asks
_REFUSES = "it refuses to answer here: load again later, or through another network"
_USED_UP = re.compile(r"\b(hourly|daily|monthly)\b.*\blimit\b", re.I)
_USED_UP_FOR_A_MINUTE = re.compile(r"\bminutely\b.*\blimit\b", re.I)


class QuotaError(LaterError):
    """The API answers no more for now."""


class UnansweredError(OntimeError):
    """The API, or the way to it, failed in each attempt, or it refuses whoever asks."""


class SilentError(UnansweredError, PassingError):
    """It failed in each attempt, and may answer later."""


def client_of(api: Api, say: Callable[[str], None], folder: Path) -> "Client":
    """The client of an API, with the key of its customers if dlt's secrets have one.

    What dlt writes of its own goes to `folder`.
    """
    use_settings(str(folder))
    key = dlt.secrets.get(api.key) if api.key else None
    return Client(api, api.base_url(is_customer=bool(key)), say, str(key) if key else None)


class Client:
    """Asks one API. `say` tells the user why it takes longer. `key` is added to each request."""

    has_shown_end = True
    """Whether the last answer, or the server, showed where it ends; else its end may be missing."""

    def __init__(self, api: Api, base_url: str, say: Callable[[str], None], key: str | None = None) -> None:
        self._api = api
        self._base_url = base_url
        self._say = say
        self._auth = APIKeyAuth(name="apikey", api_key=key, location="query") if key else None
        self._secrets = [key, *secrets_of(base_url)]
        self._pace = _Pace(api.seconds_between)
        self._session = _patient_session(_Adapter(self._before_attempt))
        self._name = ""
        self._attempt = 0
        self._trouble = ""
        self._links: set[str] = set()

    def address(self, question: Question) -> str:
        """Where a question is asked, without secrets."""
        return self._api.address(question, self._base_url)

    def ask(self, question: Question) -> list[bytes]:
        """The pages of the answer, each of which `look` has let pass.

        Raises QuotaError when the API answers no more for now, UnansweredError when it does not answer, and
        OntimeError when it answers something else.
        """
        self._name, self._attempt = f"{self._api.title}: {question.name}", 0
        self._links = set()
        self.has_shown_end = True
        pages: list[bytes] = []

        def look(response: requests.Response, *_: Any, **__: Any) -> None:
            if response.is_redirect:
                self._attempt = 0
                return
            if response.status_code != 200:
                self._look_at_error(response)
                return
            self._trouble = "the answer was cut off"
            self._look(response.content)
            pages.append(response.content)
            self.has_shown_end &= self._api.shows_its_end or _states_end(response)
            self._attempt = 0

        with self._errors():
            self._send(self._api.endpoint(question), look)
        return pages

    def unfit(self, question: Question, error: UnfitError) -> OntimeError:
        """The error of an answer that is none."""
        return self._without_secrets(unfit(f"{self._api.title}: {question.name}", error))

    def _look(self, page: bytes) -> None:
        """As the API's `look`; of a page that does not pass, what it says is shown without secrets."""
        try:
            self._api.look(page)
        except UnfitError:
            self._api.look(self._hidden(page))
            raise

    def _hidden(self, body: bytes) -> bytes:
        """A body as it may be shown: before it is cut short, which could leave half a secret."""
        return without_secrets(body.decode(errors="surrogateescape"), self._secrets).encode(
            errors="surrogateescape"
        )

    def _without_secrets(self, error: OntimeError) -> OntimeError:
        return type(error)(without_secrets(error.message, self._secrets), error.remedy)

    def _send(self, endpoint: Endpoint, look: Callable[..., None]) -> None:
        """One request, and those for further pages. `look` gets the responses."""
        hooks: dict[str, list[Callable[..., None]]] = {"response": [look, _raise_for_status]}
        address: str | None = self._base_url + endpoint.path
        params = dict(endpoint.params)
        while address is not None:
            response = self._session.get(
                address, params=params, headers=_HEADERS, auth=self._auth, hooks=hooks
            )
            link = endpoint.next_page(response.content)
            address, params = urljoin(response.url, link) if link else None, {}

    def _before_attempt(self, address: str) -> None:
        self._attempt += 1
        if self._attempt == 1:
            self._check_link(address)
        else:
            attempt = f"attempt {self._attempt} of {http.ATTEMPTS}"
            self._say(f"{self._name}: {self._trouble}; asking again ({attempt})")
        self._trouble = "no answer"
        self._pace.wait()

    def _look_at_error(self, response: requests.Response) -> None:
        """Raises QuotaError when asking again soon is of no use. A limit by the minute is waited for."""
        self._trouble = self._described(response)
        pause = http.retry_after(response)
        if pause is not None and pause > LONGEST_PAUSE:
            raise QuotaError(
                f"{self._name}: {self._trouble}, and asks to wait {pause:,.0f} s",
                "load again after that",
            )
        if response.status_code < 400:
            raise UnfitError(self._trouble)
        if response.status_code == 429:
            if _USED_UP.search(self._trouble):
                raise self._used_up()
            if _USED_UP_FOR_A_MINUTE.search(self._trouble):
                self._pace.rest(MINUTE)

    def _check_link(self, address: str) -> None:
        """Raises UnfitError where pages never end, or lead elsewhere."""
        if _host(address) != _host(self._base_url):
            raise UnfitError(f"it leads to another host, {_host(address)}")
        if address in self._links:
            raise UnfitError("a page links to one that was read before")
        if len(self._links) == MOST_PAGES:
            raise UnfitError(f"it has more than {MOST_PAGES} pages")
        self._links.add(address)

    def _described(self, response: requests.Response) -> str:
        status = f"{self._api.title} answers {response.status_code} {response.reason or ''}".rstrip()
        reason = said(self._hidden(response.content))
        return without_secrets(f"{status}: {reason}" if reason else status, self._secrets)

    def _used_up(self) -> QuotaError:
        return QuotaError(
            f"{self._name}: {self._trouble}", "load again when it answers; what has come is kept"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns errors of requests and urllib3, whose messages hold addresses, into our own."""
        try:
            yield
        except Exception as error:
            found = _first(error, OntimeError, UnfitError, requests.RequestException)
            if isinstance(found, UnfitError):
                raise self._without_secrets(unfit(self._name, found)) from None
            if isinstance(found, requests.RequestException):
                raise self._without_secrets(self._unanswered(found)) from None
            if found is not None:
                raise self._without_secrets(found) from None
            if http.lacks_bundle(error):
                raise UnansweredError(f"{self._name}: {http.NO_BUNDLE}", http.MEND_BUNDLE) from None
            raise

    def _unanswered(self, error: requests.RequestException) -> OntimeError:
        if isinstance(error, requests.HTTPError):
            return self._refused(_status(error))
        if isinstance(error, CutOffError):
            return self._gave_up(f"the answer {error}")
        if http.is_of_proxy(error):
            return UnansweredError(f"{self._name}: {http.proxy_failure(error)}", http.MEND_PROXY)
        if isinstance(error, requests.Timeout):
            return self._gave_up("no answer for a while")
        if (distrust := http.distrust(error)) is not None:
            return UnansweredError(f"{self._name}: {distrust}", http.TRUST_MORE)
        if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
            return self._gave_up(http.said_by_system(error) or "the connection broke")
        return OntimeError(
            f"{self._name}: cannot be asked: {type(error).__name__}",
            f"check {self._api.url_variable} if it is set",
        )

    def _refused(self, code: int) -> OntimeError:
        """The error of a status."""
        if code == 429:
            return self._used_up()
        if code == 407:
            return UnansweredError(f"{self._name}: {http.PROXY_FAILS}: {self._trouble}", http.MEND_PROXY)
        if code in (401, 403):
            remedy = "check that the key is right and has not expired" if self._auth else _REFUSES
            return UnansweredError(f"{self._name}: {self._trouble}", remedy)
        if code < 500:
            return OntimeError(f"{self._name}: {self._trouble}", "see what it says, then load again")
        return self._gave_up(self._trouble)

    def _gave_up(self, reason: str) -> SilentError:
        return SilentError(
            f"{self._name}: {reason} (attempt {self._attempt} of {http.ATTEMPTS})",
            "check the network, then load again; what has come is kept",
        )


def unfit(name: str, error: UnfitError) -> OntimeError:
    """The error of an answer that is none."""
    return OntimeError(f"{name}: {error}", "load again later; if it stays so, the API has changed: report it")


class _Pace:
    """Keeps the starts of requests apart."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def wait(self) -> None:
        """Returns when a request may start, and counts it."""
        pause = self._next - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        self._next = time.monotonic() + self._seconds

    def rest(self, seconds: float) -> None:
        """Lets no request start for so long."""
        self._next = max(self._next, time.monotonic() + seconds)


def _patient_session(adapter: HTTPAdapter) -> requests.Session:
    """A session that tries again what may pass, redirects among them; hooks run within each attempt."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    attempts = http.attempts(_may_pass, _asked_pause, LONGEST_PAUSE)
    session.send = attempts.wraps(session.send)  # type: ignore[method-assign]
    return session


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, requests.HTTPError):
        return _status(error) == 429 or _status(error) >= 500
    if http.is_of_proxy(error) or http.distrust(error) is not None:
        return False
    lost = requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError
    return isinstance(error, lost)


def _asked_pause(error: BaseException) -> float | None:
    """Seconds that an API asks to wait; none at all is no answer to that."""
    if not isinstance(error, requests.HTTPError) or error.response is None:
        return None
    return http.retry_after(error.response) or None


def _status(error: requests.HTTPError) -> int:
    return error.response.status_code if error.response is not None else 0


class _Adapter(HTTPAdapter):
    """Calls `before` with the address ahead of each attempt, which gives up after TIMEOUTS."""

    def __init__(self, before: Callable[[str], None]) -> None:
        super().__init__()
        self._before = before

    def send(self, request: requests.PreparedRequest, *others: Any, **named: Any) -> requests.Response:
        """As its parent."""
        self._before(str(request.url))
        return super().send(request, *others, **named | {"timeout": http.TIMEOUTS})


def _states_end(response: requests.Response) -> bool:
    """Whether a server says where an answer ends, so that one that is cut off fails."""
    return "Content-Length" in response.headers or getattr(response.raw, "chunked", False)


def _raise_for_status(response: requests.Response, *_: Any, **__: Any) -> None:
    response.raise_for_status()


def _first(error: BaseException | None, *kinds: type[BaseException]) -> Any:
    """The first error of one of these kinds, from the outermost to where the chain began."""
    return next((it for it in chain_of(error) if isinstance(it, kinds)), None)


def _host(address: str) -> str:
    """Host and port, without user and password."""
    return urlsplit(address).netloc.rpartition("@")[2]
