"""`ontime load` of addresses: what lands, what is told, and how a batch goes on when a part of it fails."""

import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main as cli
from ingestion import http
from tests.data import data
from tests.ingestion.s3 import s3_server
from tests.ingestion.site import Fault, Page, Site, cut_after, silence, site, status, without_end
from tests.ingestion.support import query, value
from tests.servers import ONTIME, ontime

ARCHIVE = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip"
MEMBER = "On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_2019_1.csv"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as running:
        yield running


@pytest.fixture
def bts(web: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site that the command takes for BTS. It has January 2019."""
    web.pages[f"/{ARCHIVE}"] = Page(january_2019().read_bytes())
    monkeypatch.setenv("ONTIME_BTS_URL", web.url("/"))
    return web


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("ONTIME_CACHE", str(cache))
    monkeypatch.setenv("NETRC", "/nonexistent")
    return cache


def january_2019() -> Path:
    return data("bts_prezip_2019_01_9E_rebuilt") / ARCHIVE


def archive_path(year: int, month: int) -> str:
    return f"/{ARCHIVE.replace('2019_1', f'{year}_{month}')}"


def test_one_archive_three_ways_lands_once(fresh_database: str, bts: Site) -> None:
    """Through the web with the connection cut once, through S3, and from the file."""
    bts.faults[f"/{ARCHIVE}"] = [cut_after(100_000)]
    with s3_server() as s3:
        s3.put(f"months/2019/{ARCHIVE}", january_2019().read_bytes())
        ways = [
            ontime("load", "bts", "--months", "2019-01"),
            ontime("load", "bts", "--from", "s3://months/2019/", **s3.environment),
            ontime("load", "bts", "--from", str(january_2019())),
        ]
    said = [way.stderr for way in ways]
    assert [way.returncode for way in ways] == [0, 0, 0], said
    assert bts.statuses() == [200, 206]
    assert "trying again" in said[0]
    assert "4,999 rows landed in ontime_monthly, 0 rejected" in said[0]
    assert "already there, as file 1 of ontime_monthly" in said[1]
    assert "already there, as file 1 of ontime_monthly" in said[2]
    assert value("select count(*) from raw_bts.ontime_monthly") == 4_999
    assert query("select file_name, location, rows_landed from raw_bts.files") == [
        (ARCHIVE, f"{bts.url(f'/{ARCHIVE}')}!{MEMBER}", 4_999)
    ]


def test_a_month_that_is_there_costs_one_question(fresh_database: str, bts: Site) -> None:
    assert ontime("load", "bts", "--months", "2019-01").returncode == 0
    again = ontime("load", "bts", "--months", "2019-01")
    assert again.returncode == 0
    assert bts.statuses() == [200, 304]
    assert "already there" in again.stderr


def test_months_that_are_not_published_yet(fresh_database: str, bts: Site) -> None:
    now = f"{datetime.now(UTC):%Y-%m}"
    done = ontime("load", "bts", "--months", "2019-01", "--months", now)
    assert done.returncode == 75
    assert f"{now} is not published yet: http://127.0.0.1:" in done.stderr
    assert "error" not in done.stderr
    assert "bts: 1 file landed, 1 file to come; 4,999 rows landed, 0 rejected" in done.stderr

    overdue = ontime("load", "bts", "--months", "2019-01..2019-03")
    assert overdue.returncode == 1
    assert "2019-02 is not here, and should have been before 2019-08-01: http://127.0.0.1:" in overdue.stderr


def test_the_archive_of_another_month_is_refused(fresh_database: str, bts: Site) -> None:
    bts.pages[archive_path(2019, 2)] = Page(january_2019().read_bytes())
    done = ontime("load", "bts", "--months", "2019-02")
    assert done.returncode == 1
    assert "2019-02 was asked for" in done.stderr
    assert not query("select * from raw_bts.files")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bts", "--months", "2019-13"], "--months 2019-13: not a month or a range of months"),
        (["bts", "--months", "2999-01"], "--months 2999-01: 2999-01 is in the future"),
        (["faa", "--months", "2019-01"], "faa is not published by month"),
    ],
)
def test_months_that_are_refused_early(bts: Site, arguments: list[str], message: str) -> None:
    done = ontime("load", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert bts.asked == []


SECRET = "wrong-and-secret"  # noqa: S105 (of nobody)


def test_the_rest_of_a_batch_lands(
    fresh_database: str, bts: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that can be wrong with an address, in one batch with two good files."""
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.001)
    bts.faults["/private.zip"] = [status(403)]
    bts.pages["/page.zip"] = Page(b"<html><title>Site under maintenance</title></html>")
    with site() as gone:
        nowhere = gone.url("/x.zip", user=f"me:{SECRET}")
    with s3_server() as s3, s3.checks_credentials():
        for name, known in (s3.environment | {"AWS_SECRET_ACCESS_KEY": SECRET}).items():
            monkeypatch.setenv(name, known)
        done = CliRunner().invoke(
            cli.main,
            [
                *("--debug", "load", "bts", "--months", "2019-01..2019-02"),
                *("--from", nowhere, bts.url(f"/private.zip?sig={SECRET}"), bts.url("/page.zip")),
                *("s3://months/none.zip", f"ftp://me:{SECRET}@host/x", str(tmp_path / "gone.csv")),
                str(data("bts_lookups") / "L_WEEKDAYS.csv"),
            ],
        )
    assert done.exit_code == 1
    for told in (
        "2019-02 is not here, and should have been before 2019-08-01: ",
        "/x.zip: Connection refused (attempt 5 of 5)",
        "/page.zip: is a web page, not data: 'Site under maintenance'",
        "s3://months/none.zip: access is refused",
        "ftp://host/x: ftp:// is not known",
        "gone.csv: does not exist",
        "2 files landed, 7 files failed",
    ):
        assert told in done.output
    assert SECRET not in done.output
    assert SECRET not in str(query("select * from raw_bts.files"))


def test_addresses_that_differ_in_what_is_not_shown(fresh_database: str, web: Site) -> None:
    """Two files, though they look alike."""
    for carrier in ("AA", "DL"):
        web.pages[f"/get?carrier={carrier}"] = Page(f"carrier,name\n{carrier},Its name\n".encode())
    addresses = [web.url(f"/get?carrier={carrier}") for carrier in ("AA", "DL")]
    done = ontime("load", "nycflights13", "--from", *addresses)
    assert done.returncode == 0, done.stderr
    assert query("select location from raw_nycflights13.files") == [(web.url("/get?carrier=..."),)] * 2
    assert value("select count(*) from raw_nycflights13.airlines") == 2


def hear_ctrl_c() -> None:
    """In a child: what a shell starts in the background ignores it, and its children with it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("fault", "number", "code"),
    [(without_end, signal.SIGINT, 1), (without_end, signal.SIGTERM, 143), (silence, signal.SIGTERM, 143)],
)
def test_a_signal_ends_a_download_and_keeps_what_has_come(
    fresh_database: str, web: Site, own_cache: Path, fault: Fault, number: signal.Signals, code: int
) -> None:
    """Also one that waits for a server that says nothing, which would be given up after a minute."""
    web.faults["/a.zip"] = [fault]
    command = [str(ONTIME), "load", "bts", "--from", web.url("/a.zip")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c) as load:
        try:
            while load.poll() is None and not (
                web.asked if fault is silence else any(it.stat().st_size for it in own_cache.glob("*.part"))
            ):
                pass
            load.send_signal(number)
            _, said = load.communicate(timeout=50)  # less than that minute
        finally:
            load.kill()
    assert load.returncode == code, said
    who = "Ctrl-C" if number is signal.SIGINT else "SIGTERM"
    assert said == f"stopped by {who}; to go on, repeat the same `ontime load`\n"
    assert len(list(own_cache.glob("*.part"))) == (fault is without_end)
