"""Files at web addresses: what is fetched, how often, and what happens when the other side fails."""

import hashlib
import json
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion import http
from ingestion.data_file import DataFile, Unreadable, Wanted
from ingestion.errors import LaterError, NotPublishedError
from tests.ingestion.fetching import Fetching
from tests.ingestion.site import (
    LAST_MODIFIED,
    PATIENCE,
    Fault,
    Handler,
    Page,
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

BODY = bytes(range(256)) * 4_000  # about 1 MB
PATH = "/data/items%20of%20May.bin"


@pytest.fixture
def served() -> Iterator[Site]:
    with site() as running:
        running.pages[PATH] = Page(BODY)
        yield running


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other quickly; netrc and proxies of the developer play no part."""
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("NETRC", "/nonexistent")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path / "cache")


def test_a_file(served: Site, fetching: Fetching) -> None:
    file = fetching.one(served.url(PATH))
    assert file.path.read_bytes() == BODY
    assert file.path.name == "items of May.bin"
    assert file.location == served.url(PATH)
    assert file.expected_month is None
    assert f"{served.url(PATH)}: 1,024,000 bytes, fetched" in fetching.said
    assert served.asked[0].headers["Accept-Encoding"] == "identity"
    assert fetching.left_over() == []
    assert fetching.cache.stat().st_mode & 0o077 == 0


def test_again_is_asked_and_not_fetched(served: Site, fetching: Fetching) -> None:
    first, again = fetching.one(served.url(PATH)), fetching.one(served.url(PATH))
    assert first == again
    assert served.statuses() == [200, 304]
    assert "not changed since it was fetched" in fetching.said


@pytest.mark.parametrize(
    "page",
    [Page(b"new", etag='"two"'), Page(b"new", etag=None, last_modified="Wed, 06 Mar 2024 10:00:00 GMT")],
)
def test_a_changed_file_is_fetched(served: Site, fetching: Fetching, page: Page) -> None:
    fetching.one(served.url(PATH))
    served.pages[PATH] = page
    assert fetching.one(served.url(PATH)).path.read_bytes() == b"new"
    assert served.statuses() == [200, 200]


def test_without_validators_it_is_fetched_each_time(served: Site, fetching: Fetching) -> None:
    served.pages[PATH] = Page(BODY, etag=None, last_modified=None)
    for _ in range(2):
        assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 200]


@pytest.mark.parametrize("spoil", ["size", "content", "note", "no note"])
def test_a_spoilt_file_of_the_cache_is_fetched_anew(served: Site, fetching: Fetching, spoil: str) -> None:
    file = fetching.one(served.url(PATH))
    (note,) = fetching.cache.glob("*.json")
    match spoil:
        case "size":
            file.path.write_bytes(BODY[:-1])
        case "content":
            file.path.write_bytes(BODY[:-1] + b"?")
        case "note":
            note.write_text("{")
        case _:
            note.unlink()
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 200]


def test_a_broken_connection_is_continued(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [cut_after(600_000), cut_after(100_000)]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 206, 206]
    ranges = [int(asked.headers["Range"][6:-1]) for asked in served.asked[1:]]
    assert 0 < ranges[0] <= 600_000
    assert ranges[0] < ranges[1] <= ranges[0] + 100_000
    assert served.asked[1].headers["If-Range"] == '"one"'
    assert f"the connection broke after {ranges[0]:,} bytes; trying again in 0 s" in fetching.said


def test_a_broken_download_is_continued_by_the_next_load(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [cut_after(600_000), *[status(503)] * 4]
    assert "503" in fetching.failure(served.url(PATH)).error.message
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.asked[-1].status == 206


@pytest.mark.parametrize(
    "page",
    [
        Page(BODY, takes_ranges=False),
        Page(BODY, etag=None, last_modified=None),
        Page(BODY, etag='W/"one"', last_modified=None),
    ],
    ids=["no ranges", "no validator", "weak validator"],
)
def test_what_cannot_be_continued_begins_anew(served: Site, fetching: Fetching, page: Page) -> None:
    served.pages[PATH] = page
    served.faults[PATH] = [cut_after(600_000)]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 200]


def test_a_file_that_changes_between_two_attempts_begins_anew(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [cut_after(600_000), *[status(503)] * 4]
    fetching.failure(served.url(PATH))
    served.pages[PATH] = Page(BODY[::-1], etag='"two"')
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY[::-1]


def test_a_server_that_continues_another_file_is_not_believed(served: Site, fetching: Fetching) -> None:
    """It ignores If-Range: half of the one file and half of the other would become one."""
    served.faults[PATH] = [
        cut_after(600_000),
        status(
            206, BODY[::-1][600_000:], Content_Range=f"bytes 600000-{len(BODY) - 1}/{len(BODY)}", ETag='"two"'
        ),
    ]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 206, 200]


def asked_from(handler: Handler) -> int:
    """The first byte that a request asks for."""
    return int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))


def part(handler: Handler, start: int, length: int) -> bool:
    """Answers with some bytes in the middle."""
    body = BODY[start : start + length]
    place = f"bytes {start}-{start + len(body) - 1}/{len(BODY)}"
    handler.reply(206, body, Content_Range=place, ETag='"one"', Last_Modified=LAST_MODIFIED)
    return True


def test_a_server_that_sends_another_part_is_not_believed(served: Site, fetching: Fetching) -> None:
    """What it sends would fill the file, with its beginning in place of its end."""

    def the_beginning(handler: Handler) -> bool:
        return part(handler, 0, len(BODY) - asked_from(handler))

    served.faults[PATH] = [cut_after(600_000), the_beginning]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 206, 200]


def test_a_server_that_sends_less_than_was_asked_for_is_asked_on(served: Site, fetching: Fetching) -> None:
    def a_little(handler: Handler) -> bool:
        return part(handler, asked_from(handler), 1_000)

    served.faults[PATH] = [cut_after(600_000), a_little, a_little]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 206, 206, 206]


def test_a_part_that_is_too_long_begins_anew(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [cut_after(600_000), status(416)]
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY
    assert served.statuses() == [200, 416, 200]


def test_length_is_not_needed(served: Site, fetching: Fetching) -> None:
    served.pages[PATH] = Page(BODY, announces_length=False)
    assert fetching.one(served.url(PATH)).path.read_bytes() == BODY


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_failing_server_is_asked_again(served: Site, fetching: Fetching, code: int) -> None:
    served.faults[PATH] = [status(code), status(code, Retry_After="0")]
    fetching.one(served.url(PATH))
    assert served.statuses() == [code, code, 200]
    assert f"the server answers {code}" in fetching.said


def test_retry_after_is_honoured(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [status(429, Retry_After="1")]
    fetching.one(served.url(PATH))
    assert "trying again in 1 s" in fetching.said


def test_retry_after_that_is_too_long(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [status(429, Retry_After="3600")]
    error = fetching.failure(served.url(PATH)).error
    assert "asks to wait 3,600 s" in error.message
    assert served.statuses() == [429]


def test_a_server_that_keeps_failing(served: Site, fetching: Fetching) -> None:
    served.faults[PATH] = [status(500)] * 9
    error = fetching.failure(served.url(PATH)).error
    assert "the server answers 500 Internal Server Error (attempt 5 of 5)" in error.message
    assert served.statuses() == [500] * 5


def test_silence(served: Site, fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    give_up_on_silence_soon(served, monkeypatch)
    served.faults[PATH] = [silence]
    fetching.one(served.url(PATH))
    assert "no answer for a while; trying again" in fetching.said


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (404, "does not exist"),
        (410, "does not exist"),
        (403, "access is refused"),
        (401, "access is refused"),
        (400, "answers 400"),
    ],
)
def test_what_another_attempt_would_not_mend(
    served: Site, fetching: Fetching, code: int, problem: str
) -> None:
    served.faults[PATH] = [status(code, b"<html>no</html>")]
    failure = fetching.failure(served.url(PATH))
    assert problem in failure.error.message
    assert served.url(PATH) in failure.error.message
    assert served.statuses() == [code]


def test_a_month_that_is_not_there_is_not_published_yet(served: Site, fetching: Fetching) -> None:
    month = Wanted(served.url("/none.zip"), "2024-03")
    error = fetching.failure(month).error
    assert isinstance(error, NotPublishedError)
    assert error.message.startswith("2024-03 is not published yet: http://")
    served.faults["/none.zip"] = [status(500)] * 5
    assert not isinstance(fetching.failure(month).error, NotPublishedError)


def test_a_month_that_is_overdue_is_not_there(served: Site, fetching: Fetching) -> None:
    """Years after it should have come, waiting is no help."""
    today = datetime.now(UTC).date()
    overdue, patient = (
        Wanted(served.url("/none.zip"), "2024-03", overdue_on=day)
        for day in (today, today + timedelta(days=1))
    )
    assert isinstance(fetching.failure(patient).error, NotPublishedError)
    error = fetching.failure(overdue).error
    assert not isinstance(error, LaterError)
    assert error.message.startswith(f"2024-03 is not here, and should have been before {today}: http://")
    assert "--from" in error.remedy


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf\r\n", b"<!-- saved -->\n"])
def test_a_page_with_status_200_is_refused(served: Site, fetching: Fetching, start: bytes) -> None:
    page = (
        start
        + b"<!DOCTYPE html>\n<html><head><TITLE>Site \n under &quot;Maintenance&quot;</TITLE></head></html>"
    )
    served.pages[PATH] = Page(page)
    error = fetching.failure(served.url(PATH)).error
    assert "is a web page, not data: 'Site under \"Maintenance\"'" in error.message
    assert fetching.left_over() == []
    served.pages[PATH] = Page(BODY)
    fetching.one(served.url(PATH))


def test_nobody_listens(fetching: Fetching) -> None:
    with site() as gone:
        address = gone.url("/x.zip")
    error = fetching.failure(address).error
    assert error.message == f"{address}: Connection refused (attempt 5 of 5)"
    assert "check address and network" in error.remedy


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1/x.zip", "https://exa mple/x.zip", "http://a:b:c/x"]
)
def test_what_is_no_address(fetching: Fetching, address: str) -> None:
    assert "is not a valid address" in fetching.failure(address).error.message


def test_a_host_that_is_not_known(fetching: Fetching) -> None:
    error = fetching.failure("http://ontime.invalid/x.zip").error
    assert error.message.startswith("http://ontime.invalid/x.zip: ")
    assert "(attempt 5 of 5)" in error.message


def test_a_certificate_that_nobody_trusts(fetching: Fetching, tmp_path: Path) -> None:
    """Told at once: another attempt would meet it again. With the certificate named, the file comes."""
    certificate = self_signed(tmp_path)
    with site(certificate) as web, pytest.MonkeyPatch.context() as environment:
        web.pages[PATH] = Page(BODY)
        error = fetching.failure(web.url(PATH)).error
        assert error.message == f"{web.url(PATH)}: its certificate is not trusted: self-signed certificate"
        assert "REQUESTS_CA_BUNDLE" in error.remedy
        assert (fetching.said, web.asked) == ("", [])
        environment.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert fetching.one(web.url(PATH)).path.read_bytes() == BODY
        environment.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        error = fetching.failure(web.url(PATH)).error
        assert error.message == f"{web.url(PATH)}: the file of certificates to trust cannot be read"
        assert fetching.said == ""


def test_a_server_that_speaks_no_tls(served: Site, fetching: Fetching) -> None:
    address = served.url(PATH).replace("http://", "https://")
    assert "speaks no TLS" in fetching.failure(address).error.message
    assert fetching.said == ""


PROXIES = {
    "http://me:my-word@127.0.0.1:9": "the proxy does not let it through: Connection refused",
    "http://me:my-word@nobody.invalid": "the proxy does not let it through",
    "socks5://me:my-word@127.0.0.1:9": "the proxy does not let it through",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_is_none(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch, scheme: str, proxy: str
) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv(f"{scheme}_proxy", proxy)
    error = fetching.failure(f"{scheme}://nobody.example/a.csv").error
    assert error.message.startswith(f"{scheme}://nobody.example/a.csv: {PROXIES[proxy]}")
    assert "check HTTP_PROXY, HTTPS_PROXY" in error.remedy
    assert fetching.said == ""
    assert "my-word" not in error.message + error.remedy


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_login(
    served: Site, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    served.always = status(407)
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv(f"{scheme}_proxy", served.url(""))
    error = fetching.failure(f"{scheme}://nobody.example/a.csv").error
    assert "the proxy does not let it through: " in error.message
    assert "407" in error.message or "501" in error.message  # of CONNECT, which this site does not know
    assert fetching.said == ""


ECHOES: dict[str, Fault] = {
    "the reason of a status": reason(400, "no my-token for my-word"),
    "the title of a page": instead(b"<html><title>" + b"x" * 95 + b"my-token, my-word</title>"),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_secrets_that_a_server_sends_back(served: Site, fetching: Fetching, echo: str) -> None:
    served.always = ECHOES[echo]
    failure = fetching.failure(served.url("/a.csv?sig=my-token", user="me:my-word"))
    assert "***" in failure.error.message
    assert not re.search("my-t|my-w", f"{failure!r} {failure.error.message} {fetching.said}")


def test_a_login_in_netrc_that_a_server_sends_back(
    served: Site, fetching: Fetching, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password my-word")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    served.always = reason(400, "no my-word")
    assert "400 no ***" in fetching.failure(served.url("/a.csv")).error.message


def test_an_unknown_scheme(fetching: Fetching) -> None:
    error = fetching.failure("ftp://me:secret@host/x.zip").error
    assert error.message == "ftp://host/x.zip: ftp:// is not known"
    assert "https://, http://, s3://, gs://, az://" in error.remedy


SECRET = "hunter2"  # noqa: S105 (of nobody)


@pytest.mark.parametrize("fault", [None, *map(status, (401, 404, 400, 503)), status(200, b"<html>")])
def test_secrets_are_never_shown(served: Site, fetching: Fetching, fault: object) -> None:
    path = f"/a.bin?file=x&sig={SECRET}"
    served.pages[path] = Page(BODY)
    served.faults[path] = [fault] * 5 if fault else []  # type: ignore[list-item]
    (file,) = fetching.all(served.url(path, user=f"me:{SECRET}") + f"#{SECRET}")
    assert file.location == served.url("/a.bin?file=...&sig=...")
    notes = [note.read_text() for note in fetching.cache.glob("*.json")]
    assert SECRET not in f"{file!r} {fetching.said} {notes} {list(fetching.cache.rglob('*'))}"
    assert served.asked[0].headers["Authorization"].startswith("Basic ")


def test_a_batch_goes_on(served: Site, fetching: Fetching, tmp_path: Path) -> None:
    paths = [f"/{number}.bin" for number in range(6)]
    served.pages |= {path: Page(path.encode()) for path in paths}
    del served.pages["/2.bin"]
    local = tmp_path / "local.csv"
    files = fetching.all(*map(served.url, paths), local, served.url(paths[0]))
    assert [type(file) for file in files] == [DataFile] * 2 + [Unreadable] + [DataFile] * 4
    assert [file.location for file in files] == [*map(served.url, paths), str(local)]
    assert len(served.asked) == 6


def test_two_files_are_fetched_at_once_and_never_three(served: Site, fetching: Fetching) -> None:
    """The first answer waits for a second request, and both are held long enough for a third to come."""
    two = threading.Event()

    def hold(_: Handler) -> bool:
        if served.most_at_once > 1:
            two.set()
        assert two.wait(PATIENCE)
        time.sleep(0.3)
        return False

    paths = [f"/{number}" for number in range(4)]
    served.pages |= {path: Page(path.encode()) for path in paths}
    served.faults |= {path: [hold] for path in paths}
    fetching.all(*map(served.url, paths))
    assert served.most_at_once == 2


def test_two_processes_fetch_one_file_once(served: Site, fetching: Fetching) -> None:
    """The second waits for the first, then asks whether the file has changed."""
    code = (
        "import sys; from pathlib import Path; from ingestion.finding.fetch.fetch import fetch;"
        "from ingestion.progress import PlainProgress;"
        "print(fetch([sys.argv[1]], (), Path(sys.argv[2]), PlainProgress(sys.stderr))[0].path)"
    )
    command = [sys.executable, "-c", code, served.url(PATH), str(fetching.cache)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sorted(served.statuses()) == [200, 304]
    (path,) = {Path(out.strip()) for out, _ in said}
    assert path.read_bytes() == BODY


def test_a_cache_that_cannot_be_written(served: Site, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    error = Fetching(blocked / "cache").failure(served.url(PATH)).error
    assert f"cannot be kept in {blocked}/cache: Not a directory" in error.message
    assert "ONTIME_CACHE" in error.remedy


def test_no_space_left(served: Site, fetching: Fetching) -> None:
    """As far as the process can tell, the disk ends after half a file; what has come is removed."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(BODY) // 2, unlimited[1]))
    try:
        error = fetching.failure(served.url(PATH)).error
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert f"cannot be kept in {fetching.cache}: File too large" in error.message
    assert fetching.left_over() == []


def test_the_note_says_what_the_file_is(served: Site, fetching: Fetching) -> None:
    fetching.one(served.url(PATH))
    (note,) = fetching.cache.glob("*.json")
    assert json.loads(note.read_text()) == {
        "address": served.url(PATH),
        "etag": '"one"',
        "last_modified": "Tue, 05 Mar 2024 10:00:00 GMT",
        "size": len(BODY),
        "bytes": len(BODY),
        "sha256": hashlib.sha256(BODY).hexdigest(),
    }
