"""Objects in S3, from a real S3 API on loopback."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import http
from ingestion.data_file import DataFile
from ingestion.finding.fetch import buckets
from ingestion.finding.fetch.remote import Transfer
from tests.ingestion.fetching import Fetching
from tests.ingestion.s3 import S3, Relay, s3_server
from tests.ingestion.site import self_signed, site, status

WRONG = "wrong-and-secret"


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3_server() as running:
        for name in ("a.csv", "b.csv.gz", "readme.html", "deep/c.csv", "c.json"):
            running.put(f"months/in/{name}", name.encode())
        for folder in ("in/", "in/deep/", "in/empty.csv/"):  # as consoles make them
            running.put(f"months/{folder}", b"")
        yield running


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path / "cache")


def test_an_object(s3: S3, fetching: Fetching) -> None:
    with s3.checks_credentials():
        file = fetching.one("s3://months/in/a.csv")
    assert (file.path.name, file.path.read_bytes()) == ("a.csv", b"a.csv")
    assert file.location == "s3://months/in/a.csv"
    assert "s3://months/in/a.csv: 5 bytes, fetched" in fetching.said
    assert fetching.left_over() == []


def test_only_a_changed_object_is_fetched_again(s3: S3, fetching: Fetching) -> None:
    address = s3.put("months/changing/a.csv", b"one")
    fetching.one(address)
    fetching.one(address)
    assert "not changed since it was fetched" in fetching.said
    s3.put("months/changing/a.csv", b"two")
    assert fetching.one(address).path.read_bytes() == b"two"


@pytest.mark.parametrize(
    ("address", "keys"),
    [
        ("s3://months/in/", ["in/a.csv", "in/b.csv.gz"]),
        ("s3://months/in", ["in/a.csv", "in/b.csv.gz"]),
        ("s3://months/in/*.csv", ["in/a.csv"]),
        ("s3://months/in/*", ["in/a.csv", "in/b.csv.gz", "in/c.json", "in/readme.html"]),
        ("s3://months/in/**/*.csv", ["in/a.csv", "in/deep/c.csv"]),
        ("s3://months/i*/[ab].*", ["in/a.csv", "in/b.csv.gz"]),
        ("s3://months/in/c.json", ["in/c.json"]),
        ("S3://months/in/c.json", ["in/c.json"]),
    ],
)
def test_prefixes_and_patterns(s3: S3, fetching: Fetching, address: str, keys: list[str]) -> None:
    files = fetching.all(address)
    assert [file.location for file in files] == [f"s3://months/{key}" for key in keys]
    assert all(isinstance(file, DataFile) for file in files)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("s3://months/in/none.csv", "does not exist"),
        ("s3://months/none/", "does not exist"),
        ("s3://no-such-bucket/a.csv", "does not exist"),
        ("s3://months/in/x*", "names no data files"),
        ("s3://months", "names no data files"),
    ],
)
def test_what_is_not_there(s3: S3, fetching: Fetching, address: str, problem: str) -> None:
    failure, good = fetching.all(address, "s3://months/in/a.csv")
    assert failure.location == address
    assert str(getattr(failure, "error", "")) == f"{address}: {problem}"
    assert isinstance(good, DataFile)


@pytest.mark.parametrize("address", ["s3://months/in/a.csv", "s3://months/in/", "s3://months/in/*.csv"])
@pytest.mark.parametrize("wrong", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_refused_and_not_shown(
    s3: S3,
    fetching: Fetching,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    address: str,
    wrong: str,
) -> None:
    monkeypatch.setenv(wrong, WRONG)
    with s3.checks_credentials():
        failure = fetching.failure(address)
    assert failure.error.message == f"{address}: access is refused, or there are no credentials"
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in failure.error.remedy
    assert WRONG not in f"{failure!r} {fetching.said} {capfd.readouterr()}"


def test_no_credentials(s3: S3, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    message = fetching.failure("s3://months/in/a.csv").error.message
    assert message == "s3://months/in/a.csv: access is refused, or there are no credentials"


def test_credentials_in_an_address_are_refused_and_not_shown(fetching: Fetching) -> None:
    failure = fetching.failure(f"s3://key:{WRONG}@months/in/a.csv")
    assert failure.error.message == "s3://months/in/a.csv: the address of a bucket holds no user"
    assert WRONG not in repr(failure)


def test_nobody_listens(fetching: Fetching, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as gone:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL", gone.address)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    message = fetching.failure("s3://months/in/a.csv").error.message
    assert message.startswith("s3://months/in/a.csv: cannot be read: Connect call failed")


@pytest.mark.parametrize("named", ["s3://months/moving/a.csv", "s3://months/moving/"])
def test_an_object_that_changes_while_it_is_fetched(
    s3: S3, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    address = s3.put("months/moving/a.csv", b"one")

    def change(*_: object) -> None:
        s3.put("months/moving/a.csv", b"two")

    monkeypatch.setattr(Transfer, "has_come", change)
    assert fetching.failure(named).error.message == f"{address}: changed while it was fetched"
    assert fetching.left_over() == []


LARGE = bytes(range(256)) * (40 << 10)  # 10 MiB
HALF = 11 << 19  # in the sixth range


@pytest.fixture
def relay(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """Between us and S3, which breaks connections."""
    s3.put("months/large/a.csv", LARGE)
    monkeypatch.setattr(buckets, "_RANGE", 1 << 20)
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.0)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with s3.behind_relay() as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL", relay.address)
        yield relay


def test_a_large_object_that_breaks_in_the_middle_goes_on(relay: Relay, fetching: Fetching) -> None:
    relay.breaks_after, relay.refusals = HALF, 2
    file = fetching.one("s3://months/large/a.csv")
    assert file.path.read_bytes() == LARGE
    assert re.search(r"large/a.csv: .* after 5,242,880 bytes; trying again in", fetching.said)
    assert relay.passed < len(LARGE) + (2 << 20)  # the range that broke comes twice


def test_a_large_object_goes_on_with_the_next_load(relay: Relay, fetching: Fetching) -> None:
    relay.breaks_after, relay.refusals = HALF, 1_000
    message = fetching.failure("s3://months/large/a.csv").error.message
    assert re.search(r"large/a.csv: .* after 5,242,880 bytes \(attempt 5 of 5\)", message)
    relay.breaks_after, relay.passed = None, 0
    assert fetching.one("s3://months/large/a.csv").path.read_bytes() == LARGE
    assert relay.passed < 7 << 20
    assert fetching.left_over() == []


def test_a_large_object_that_is_another_begins_anew(relay: Relay, fetching: Fetching, s3: S3) -> None:
    relay.breaks_after, relay.refusals = HALF, 1_000
    fetching.failure("s3://months/large/a.csv")
    relay.breaks_after = None
    s3.put("months/large/a.csv", LARGE[::-1])
    assert fetching.one("s3://months/large/a.csv").path.read_bytes() == LARGE[::-1]


@pytest.mark.parametrize(
    ("proxy", "problem", "remedy"),
    [
        ("http://127.0.0.1:1", "the proxy does not let it through: Connect call failed", "check HTTP_PROXY"),
        ("http://none.invalid:1", "cannot be read: ", "and HTTPS_PROXY, which names a proxy"),
    ],
)
def test_a_proxy_that_is_none(
    s3: S3, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, proxy: str, problem: str, remedy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    failure = fetching.failure("s3://months/in/a.csv")
    assert failure.error.message.startswith(f"s3://months/in/a.csv: {problem}")
    assert remedy in failure.error.remedy


def test_certificates(s3: S3, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What another attempt would meet again is told at once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.address.replace("http:", "https:"))
    assert "it speaks no TLS there" in fetching.failure("s3://months/in/a.csv").error.message
    with site(self_signed(tmp_path)) as web:
        monkeypatch.setenv("AWS_ENDPOINT_URL", web.url(""))
        failure = fetching.failure("s3://months/in/a.csv")
    assert "its certificate is not trusted: self-signed certificate" in failure.error.message
    assert "AWS_CA_BUNDLE" in failure.error.remedy
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    failure = fetching.failure("s3://months/in/a.csv")
    assert failure.error.message == "s3://months/in/a.csv: the file of certificates to trust cannot be read"
    assert failure.error.remedy == "check AWS_CA_BUNDLE, which names it"
    assert "trying again" not in fetching.said


EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@pytest.mark.parametrize("place", ["in/a.csv", "in/", "in/*.csv"])
def test_a_login_that_has_expired(
    s3: S3, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """S3 says so with a body, which no answer to HEAD has."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", WRONG)
    with site() as web:
        web.always = status(400, EXPIRED, Content_Type="application/xml")
        monkeypatch.setenv("AWS_ENDPOINT_URL", web.url(""))
        failure = fetching.failure(f"s3://months/{place}")
    assert failure.error.message == f"s3://months/{place}: the login has expired"
    assert failure.error.remedy.startswith("log in again, or set fresh AWS_ACCESS_KEY_ID")


@pytest.mark.parametrize(
    ("scheme", "package"), [(scheme, kind.package) for scheme, kind in buckets.KINDS.items()]
)
def test_a_package_that_is_not_installed(tmp_path: Path, scheme: str, package: str) -> None:
    """In a process of its own, since what was imported once stays."""
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from pathlib import Path; from ingestion.finding.fetch.fetch import fetch\n"
        "from ingestion.progress import PlainProgress\n"
        "progress = PlainProgress(sys.stderr)\n"
        f"(file,) = fetch(['{scheme}://bucket/a.csv'], (), Path({str(tmp_path)!r}), progress)\n"
        "print(file.error.message, file.error.remedy, sep='\\n')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        f"{scheme}://bucket/a.csv: the Python package {package}, which reads it, is not installed",
        "run: make cloud",
    ]
