"""Asking an API that fails: what is asked again and when, and what the user is told in the end."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingestion import http
from ingestion.apis import client as asking
from ingestion.apis.api import Api, Question
from ingestion.apis.client import Client, QuotaError, SilentError, UnansweredError, client_of
from ingestion.apis.hours import pieces
from ingestion.apis.iem import IEM
from ingestion.apis.nws import NWS
from ingestion.apis.open_meteo import OPEN_METEO
from ingestion.errors import OntimeError
from tests.ingestion.site import (
    Fault,
    Handler,
    Site,
    cut_after,
    give_up_on_silence_soon,
    instead,
    reason,
    self_signed,
    silence,
    site,
    status,
)
from tests.ingestion.weather import (
    IEM_PATH,
    OPEN_METEO_PATH,
    Query,
    iem_answer,
    nws_feature,
    nws_page,
    open_meteo_answer,
    question,
    recorded,
    span,
)

NWS_PATH = "/stations/KJFK/observations"
PAUSES = [1.0, 2.0, 4.0, 8.0]  # seconds before each further attempt


@dataclass
class Asked:
    """A client of an API on a site, what it told, and how long it slept, though not really.

    For it, time passes only while it sleeps.
    """

    web: Site
    slept: list[float]
    said: list[str] = field(default_factory=list)

    def client(self, api: Api) -> Client:
        return Client(replace(api, seconds_between=0.0), self.web.url("/"), self.said.append)

    def ask(self, api: Api, asked: Question | None = None) -> list[bytes]:
        return self.client(api).ask(asked or question(api, "JFK", "2026-11-01", "2026-11-02"))

    def failure(self, api: Api, kind: type[OntimeError] = OntimeError) -> str:
        with pytest.raises(OntimeError) as caught:
            self.ask(api)
        assert type(caught.value) is kind
        return caught.value.message


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """A site where IEM and Open-Meteo are well."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(asking, "time", clock)
    monkeypatch.setenv("NETRC", "/nonexistent")
    with site() as web:
        give_up_on_silence_soon(web, monkeypatch)
        web.answers |= {IEM_PATH: iem_answer, OPEN_METEO_PATH: open_meteo_answer}
        yield Asked(web, slept)


def test_the_body_comes_as_it_is(api: Asked) -> None:
    asked = question(IEM, "JFK", "2026-11-01", "2026-11-02")
    assert api.ask(IEM, asked) == [iem_answer(dict(IEM.endpoint(asked).params))]
    asked = question(OPEN_METEO, "JFK", "2026-11-01", "2026-11-02")
    assert api.ask(OPEN_METEO, asked) == [open_meteo_answer(dict(OPEN_METEO.endpoint(asked).params))]
    assert (api.slept, api.said) == ([], [])
    assert {heard.headers["User-Agent"].split()[0] for heard in api.web.asked} == {"ontime"}


PASSING = {
    "429": status(429),
    "500": status(500),
    "503": status(503, b"ERROR: server over capacity, please try later"),
    "silence": silence,
    "cut": cut_after(1_000),
    "truncated": instead(iem_answer({"station": "JFK", "sts": "2026-11-01", "ets": "2026-11-02"})[:-20]),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_faults_that_pass(api: Asked, fault: Fault) -> None:
    """Four times in a row, with growing pauses; the fifth attempt succeeds."""
    api.web.faults[IEM_PATH] = [fault] * 4
    (body,) = api.ask(IEM)
    assert body.count(b"\n") == 25
    assert len(api.web.asked) == 5
    assert api.slept == PAUSES
    assert len(api.said) == 4
    assert api.said[3].endswith("asking again (attempt 5 of 5)")


LASTING = {
    "500": (status(500), "IEM answers 500 Internal Server Error (attempt 5 of 5)"),
    "503": (
        status(503, b"ERROR: server over capacity, please try later"),
        "IEM answers 503 Service Unavailable: ERROR: server over capacity, please try later (attempt 5 of 5)",
    ),
    "502 with a page": (
        status(502, b"<html><title>Bad  Gateway</title>"),
        "IEM answers 502 Bad Gateway: a web page: 'Bad Gateway' (attempt 5 of 5)",
    ),
    "silence": (silence, "no answer for a while (attempt 5 of 5)"),
    "cut": (cut_after(1_000), "the connection broke (attempt 5 of 5)"),
    "truncated": (
        instead(b"station,val"),
        "the answer ends within the header, after 11 bytes (attempt 5 of 5)",
    ),
}


@pytest.mark.parametrize(("fault", "problem"), LASTING.values(), ids=LASTING)
def test_faults_that_last(api: Asked, fault: Fault, problem: str) -> None:
    api.web.faults[IEM_PATH] = [fault] * 6
    assert api.failure(IEM, SilentError) == f"IEM: JFK_2026-11-01T00_2026-11-02T00: {problem}"
    assert (len(api.web.asked), api.slept) == (5, PAUSES)


def test_retry_after(api: Asked) -> None:
    api.web.faults[IEM_PATH] = [status(429, Retry_After="7"), status(503, Retry_After="90")]
    api.ask(IEM)
    assert api.slept == [7.0, 90.0]
    assert api.said[0].endswith(": IEM answers 429 Too Many Requests; asking again (attempt 2 of 5)")


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_a_long_time(api: Asked, code: int) -> None:
    """Longer than dlt would wait: it would ask again before its time."""
    api.web.faults[IEM_PATH] = [status(code, Retry_After="301")]
    assert "and asks to wait 301 s" in api.failure(IEM, QuotaError)
    assert (len(api.web.asked), api.slept) == (1, [])


def test_429_for_good(api: Asked) -> None:
    api.web.faults[IEM_PATH] = [status(429)] * 5
    assert api.failure(IEM, QuotaError).endswith("IEM answers 429 Too Many Requests")
    assert len(api.web.asked) == 5


@pytest.mark.parametrize("limit", ["day", "hour"])
def test_quota_used_up(api: Asked, limit: str) -> None:
    """As recorded; nothing is asked again."""
    api.web.faults[OPEN_METEO_PATH] = [status(429, recorded(f"weather_open_meteo/error_429_{limit}.json"))]
    assert "API request limit exceeded. Please try again" in api.failure(OPEN_METEO, QuotaError)
    assert (len(api.web.asked), api.slept) == (1, [])


def test_quota_used_up_for_a_minute(api: Asked) -> None:
    """As recorded; the next request starts when the minute is over."""
    api.web.faults[OPEN_METEO_PATH] = [status(429, recorded("weather_open_meteo/error_429_minute.json"))]
    api.ask(OPEN_METEO)
    assert api.slept == [PAUSES[0], asking.MINUTE - PAUSES[0]]


REFUSED = {
    "weather_iem_asos/error_400_all_stations.txt": (IEM, 400, "must be less than 24 hours."),
    "weather_iem_asos/error_400_too_much.txt": (IEM, 400, "Requested too much data, reduce stations"),
    "weather_iem_asos/error_422_times.txt": (IEM, 422, "Invalid times provided."),
    "weather_open_meteo/error_400_dates.json": (OPEN_METEO, 400, "End-date must be larger or equals"),
    "weather_nws/error_404.json": (NWS, 404, "NWS answers 404 Not Found: Not Found"),
}


@pytest.mark.parametrize("body", REFUSED)
def test_refusals_say_why(api: Asked, body: str) -> None:
    """In the words that were recorded; they are not asked again."""
    what, code, reason = REFUSED[body]
    path = {IEM: IEM_PATH, OPEN_METEO: OPEN_METEO_PATH, NWS: NWS_PATH}[what]
    api.web.faults[path] = [status(code, recorded(body))]
    assert reason in api.failure(what)
    assert (len(api.web.asked), api.slept) == (1, [])


@pytest.mark.parametrize("code", [401, 403])
def test_nobody_is_answered(api: Asked, code: int) -> None:
    api.web.faults[IEM_PATH] = [status(code)]
    assert f"IEM answers {code} " in api.failure(IEM, UnansweredError)
    assert len(api.web.asked) == 1


def test_other_bodies_with_status_200(api: Asked) -> None:
    api.web.faults[IEM_PATH] = [instead(b"<!doctype html><title>Maintenance</title>")]
    assert api.failure(IEM).endswith("a web page came, not data: 'Maintenance'")
    api.web.faults[OPEN_METEO_PATH] = [instead(b'{"error": true, "reason": "no data"}')]
    assert api.failure(OPEN_METEO).endswith("it has no 'hourly', but says: no data")
    api.web.faults[OPEN_METEO_PATH] = [status(204)]
    assert "204" in api.failure(OPEN_METEO)


def test_nobody_there(api: Asked) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = Client(IEM, f"http://127.0.0.1:{closed.getsockname()[1]}/", api.said.append)
        with pytest.raises(UnansweredError, match=r"Connection refused \(attempt 5 of 5\)"):
            nowhere.ask(question(IEM, "JFK", "2026-11-01", "2026-11-02"))


def test_a_certificate_that_nobody_trusts(
    api: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told at once, and the API is left alone: each other request would meet it again."""
    with site(self_signed(tmp_path)) as web:
        client = Client(replace(IEM, seconds_between=0.0), web.url("/"), api.said.append)
        asked = question(IEM, "JFK", "2026-11-01", "2026-11-02")
        with pytest.raises(UnansweredError, match="its certificate is not trusted: self-signed certificate"):
            client.ask(asked)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with pytest.raises(UnansweredError, match="the file of certificates to trust cannot be read"):
            client.ask(asked)
    assert (api.said, api.slept) == ([], [])


@pytest.mark.parametrize("proxy", ["http://me:my-word@127.0.0.1:9", "socks5://me:my-word@127.0.0.1:9"])
def test_a_proxy_that_is_none(api: Asked, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    message = api.failure(IEM, UnansweredError)
    assert "the proxy does not let it through" in message
    assert "my-word" not in message
    assert (api.said, api.slept) == ([], [])


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/", "http://[/", "nonsense/"])
def test_addresses_that_are_none(api: Asked, address: str) -> None:
    with pytest.raises(OntimeError, match="cannot be asked") as caught:
        Client(IEM, address, api.said.append).ask(question(IEM, "JFK", "2026-11-01", "2026-11-02"))
    assert caught.value.remedy == "check ONTIME_IEM_URL if it is set"


def test_one_request_a_second(api: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the starts of requests, further attempts among them."""
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.25)
    starts: list[float] = []

    def noted(fault: Fault) -> Fault:
        def note_and_fail(handler: Handler) -> bool:
            starts.append(sum(api.slept))
            return fault(handler)

        return note_and_fail

    api.web.faults[IEM_PATH] = [noted(fault) for fault in (status(500), status(429), *[lambda _: False] * 3)]
    client = Client(IEM, api.web.url("/"), api.said.append)
    for day in pieces(span("2026-11-01", "2026-11-04"), "day"):
        client.ask(Question(question(IEM, "JFK", "2026-11-01", "2026-11-02").place, day))
    assert api.web.statuses() == [500, 429, 200, 200, 200]
    assert starts == [0.0, 1.0, 2.0, 3.0, 4.0]


# Pages


def observations(count: int, first: int = 0) -> list[dict[str, object]]:
    begin = span("2026-11-01", "2026-11-02").start
    return [nws_feature("KJFK", begin + timedelta(minutes=minute)) for minute in range(first, first + count)]


def paged(web: Site, link_of: Callable[[int], str | None]) -> None:
    """A site where each page has two observations, and page n the link that is given for it."""

    def answer(query: Query) -> bytes:
        number = int(query.get("cursor", 0))
        return nws_page(observations(2, 2 * number), link_of(number))

    web.answers[NWS_PATH] = answer


def test_pages_follow_each_other(api: Asked) -> None:
    paged(api.web, lambda page: api.web.url(f"{NWS_PATH}?cursor={page + 1}") if page < 2 else None)
    found = api.ask(NWS)
    assert [page.count(b'"Feature"') for page in found] == [2, 2, 2]
    assert len(api.web.asked) == 3


def test_a_page_that_fails_is_asked_again(api: Asked) -> None:
    paged(api.web, lambda page: api.web.url(f"{NWS_PATH}?cursor={page + 1}") if page < 1 else None)
    api.web.faults[f"{NWS_PATH}?cursor=1"] = [status(503), cut_after(50)]
    assert len(api.ask(NWS)) == 2
    assert api.web.statuses() == [200, 503, 200, 200]


def test_a_link_to_a_page_that_was_read(api: Asked) -> None:
    paged(api.web, lambda _: api.web.url(f"{NWS_PATH}?cursor=1"))
    assert api.failure(NWS).endswith("a page links to one that was read before")
    assert len(api.web.asked) == 2


def test_a_link_to_another_host(api: Asked) -> None:
    """It is not followed: a key might go there."""
    with site() as other:
        paged(api.web, lambda _: other.url("/x"))
        assert api.failure(NWS).endswith(f"it leads to another host, 127.0.0.1:{other.port}")
        api.web.faults[IEM_PATH] = [status(302, Location=other.url("/x"))]
        assert api.failure(IEM).endswith(f"it leads to another host, 127.0.0.1:{other.port}")
        assert not other.asked


def test_a_redirect(api: Asked) -> None:
    api.web.faults[IEM_PATH] = [status(301, Location=api.web.url("/moved"))]
    api.web.answers["/moved"] = lambda _: iem_answer(
        {"station": "JFK", "sts": "2026-11-01", "ets": "2026-11-02"}
    )
    assert len(api.ask(IEM)) == 1
    assert api.said == []
    api.web.faults["/moved"] = [status(302, Location=api.web.url("/moved"))] * 2
    api.web.faults[IEM_PATH] = [status(301, Location=api.web.url("/moved"))]
    assert api.failure(IEM).endswith("a page links to one that was read before")


def test_pages_without_end(api: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always has one more page."""
    monkeypatch.setattr(asking, "MOST_PAGES", 3)
    paged(api.web, lambda page: api.web.url(f"{NWS_PATH}?cursor={page + 1}"))
    assert "it has more than 3 pages" in api.failure(NWS)


# Keys of customers


def test_the_key_of_a_customer(
    api: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It goes into the query of requests, and nowhere else."""
    monkeypatch.setenv("SOURCES__OPEN_METEO__API_KEY", "very-secret")
    assert (
        client_of(OPEN_METEO, api.said.append, tmp_path)
        .address(question(OPEN_METEO, "JFK", "2026-11-01", "2026-11-02"))
        .startswith("https://customer-archive-api.open-meteo.com/v1/archive?latitude=40.64&")
    )
    monkeypatch.setenv("ONTIME_OPEN_METEO_URL", api.web.url("", user="user:word"))
    asked = question(OPEN_METEO, "JFK", "2026-11-01", "2026-11-02")
    customer = client_of(OPEN_METEO, api.said.append, tmp_path)
    customer.ask(asked)
    assert "&apikey=very-secret" in api.web.asked[0].path
    shown = [customer.address(asked), *api.said]
    for fault in (status(500), status(404), silence, cut_after(3), status(429), instead(b"{}")):
        api.web.faults[OPEN_METEO_PATH] = [fault] * 5
        with pytest.raises(OntimeError) as caught:
            customer.ask(asked)
        shown += [str(caught.value), repr(caught.value), caught.value.remedy]
    body = b"x" * 190 + b" very-secret, word; bWU6d29yZA=="  # cut short within the key
    echo = b'{"error": true, "reason": "' + body + b'"}'
    for fault in (
        status(400, echo),
        status(500, body),
        instead(echo),
        instead(b"<html><title>" + body + b"</title>"),
        reason(401, "no very-secret"),
        status(302, Location="http://very-secret.example/"),
    ):
        api.web.faults[OPEN_METEO_PATH] = [fault] * 5
        with pytest.raises(OntimeError) as caught:
            customer.ask(asked)
        shown += [str(caught.value), repr(caught.value), caught.value.remedy]
    assert "***" in shown[-3]
    shown += [*api.said, *capfd.readouterr()]
    assert not [text for text in shown if "very-" in text]
    assert not [text for text in shown if "very-secret" in text or "word" in text]
