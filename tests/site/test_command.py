"""`ontime site`: never half a site, nothing of others replaced, and errors that say what to do."""

import re
import socket
import threading
from datetime import date
from pathlib import Path

import pytest
import requests

import cli.site.build
import cli.site.marts
from cli.site.build import build
from cli.site.marts import Marts, published
from cli.site.page import Page
from cli.site.pages import PAGES
from cli.site.serving import address, server
from ingestion.errors import OntimeError
from tests.beginnings import NOTHING, begin_with
from tests.servers import ontime


@pytest.fixture(scope="module")
def empty_warehouse(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Marts without a row."""
    begin_with(NOTHING, tmp_path_factory.mktemp("warehouse"))


def quiet(_: str) -> None:
    pass


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_published(fresh_database: str, tmp_path: Path) -> None:
    done = ontime("site", "--to", str(tmp_path / "site"))
    assert done.returncode == 1
    assert "nothing is published yet" in done.stderr
    assert done.stderr.endswith("  -> load and build first: ontime load, ontime build\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("empty_warehouse")
def test_marts_without_a_month_are_told_of_in_sentences(tmp_path: Path) -> None:
    start = build(tmp_path / "site", quiet)
    assert start.name == "index.html"
    assert "0 flights are published" in start.read_text()
    assert "No month that is expected" not in start.read_text()
    report = (tmp_path / "site" / "report.html").read_text()
    assert "No month of flights is published" in report
    assert "<table" not in report


@pytest.mark.usefixtures("empty_warehouse")
def test_a_second_run_replaces_its_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    build(folder, quiet)
    (folder / "data" / "of-an-older-site.js").write_text("")
    build(folder, quiet)
    assert not (folder / "data" / "of-an-older-site.js").exists()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["site"]


@pytest.mark.usefixtures("empty_warehouse")
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "thesis"
    mine.mkdir()
    (mine / "chapter-1.txt").write_text("It was a dark and stormy night.")
    done = ontime("site", "--to", str(mine))
    assert done.returncode == 1
    assert "is left alone" in done.stderr
    assert list(contents(mine)) == ["chapter-1.txt"]
    linked = tmp_path / "link"
    linked.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OntimeError, match="is left alone"):
        build(linked, quiet)


@pytest.mark.usefixtures("empty_warehouse")
def test_a_run_that_fails_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    build(folder, quiet)
    before = contents(folder)

    def broken(marts: Marts) -> Page:
        return Page("broken", "Broken", "", "start.html.jinja")  # its template asks for what is not given

    monkeypatch.setattr(cli.site.build, "PAGES", (*PAGES, broken))
    with pytest.raises(Exception, match="is undefined"):
        build(folder, quiet)
    assert contents(folder) == before
    monkeypatch.undo()
    build(folder, quiet)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["site"], "what was left is gone"


CANCELLED = """
    do $$ begin raise sqlstate '57014' using message = 'canceling statement due to statement timeout'; end $$
"""


@pytest.mark.usefixtures("empty_warehouse")
def test_what_the_server_refuses_is_said_on_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a question takes longer than a reader's may."""
    given = cli.site.marts.sql_of
    refused = {"published", "held_files", "months", "report_months", "quality_ledger", "quality_tests"}

    def sql_of(name: str, month: date | None = None) -> str:
        return CANCELLED if name in refused else given(name, month)

    monkeypatch.setattr(cli.site.marts, "sql_of", sql_of)
    said: list[str] = []
    build(tmp_path / "site", said.append)
    told = [line for line in said if line.startswith("left out, and said on its page")]
    assert {line.split(": ")[1] for line in told} == refused
    text = {page.stem: page.read_text() for page in (tmp_path / "site").glob("*.html")}
    assert "What is published is not known" in text["index"]
    assert "0 flights are published" not in text["index"]
    assert "No file is held" not in text["index"]
    assert "No alarm" in text["index"], "what is asked next is answered"
    assert "What flights did is not known" in text["report"]
    assert "Whether all records are accounted for is not known" in text["quality"]
    told_on = r"The server gave no answer: [^<]*canceling"
    counts = {name: len(re.findall(told_on, page)) for name, page in text.items()}
    assert {name: count for name, count in counts.items() if count} == {"index": 3, "report": 1, "quality": 2}


@pytest.mark.usefixtures("empty_warehouse")
def test_a_question_that_is_wrong_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.site.marts, "sql_of", lambda _: "select flights from marts.fct_flihgts")
    with published() as opened, pytest.raises(OntimeError, match="fct_flihgts"):
        opened.ask("months")


def test_it_is_served_on_this_machine_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("here")
    with server(tmp_path, 0) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            assert address(serving).startswith("http://127.0.0.1:")
            answer = requests.get(address(serving), timeout=60)
            assert answer.text == "here"
            assert answer.headers["Cache-Control"] == "no-store"
        finally:
            serving.shutdown()
            thread.join()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OntimeError, match=f"port {port} is taken") as failure:
            server(tmp_path, port)
    assert "--port" in failure.value.remedy
