"""Answers that are kept: whole or not there, and found again only as they came."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from ingestion.apis.answers import Answers, Kept
from ingestion.apis.iem import IEM
from ingestion.errors import OntimeError
from tests.ingestion.weather import question

ASKED = question(IEM, "JFK", "2013-01-01", "2014-01-01")
ADDRESS = IEM.address(ASKED, IEM.base_url())
PAGES = [b"station,valid\n", b"", b"JFK,\xff\x00\r\n"]


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    found = Answers(tmp_path / "iem", ".csv")
    with found.locked(print):
        found.keep(ASKED, ADDRESS, PAGES)
    return found


def only(answers: Answers) -> Kept:
    (kept,) = answers.kept()
    return kept


def test_answers_come_back_as_they_came(answers: Answers) -> None:
    kept = only(answers)
    assert (kept.question, kept.address) == (ASKED, ADDRESS)
    assert answers.read(kept) == PAGES


def test_nothing_is_kept_at_first(tmp_path: Path) -> None:
    assert Answers(tmp_path / "iem", ".csv").kept() == []


def test_an_answer_takes_the_place_of_an_older_one(answers: Answers) -> None:
    answers.keep(ASKED, ADDRESS, [b"newer"])
    assert answers.read(only(answers)) == [b"newer"]


def test_another_address_is_another_answer(answers: Answers) -> None:
    elsewhere = IEM.address(ASKED, "http://127.0.0.1:1/")
    answers.keep(ASKED, elsewhere, [b"other"])
    assert sorted(kept.address for kept in answers.kept()) == sorted([ADDRESS, elsewhere])


def test_damaged_pages_do_not_count(answers: Answers) -> None:
    kept = only(answers)
    page = kept.folder / "3.csv"
    page.write_bytes(page.read_bytes()[:-1])
    assert answers.read(kept) is None
    page.unlink()
    assert answers.read(kept) is None


@pytest.mark.parametrize(
    "note", ["", "{", "[]", '{"pages": []}', '{"request": "a=b", "address": "", "pages": []}']
)
def test_damaged_notes_do_not_count(answers: Answers, note: str) -> None:
    (only(answers).folder / "note.json").write_text(note)
    assert answers.kept() == []


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OntimeError, match="iem: answers cannot be kept there: Not a directory"),
        Answers(tmp_path / "file" / "iem", ".csv").locked(print),
    ):
        raise AssertionError


def test_what_a_killed_process_left_is_cleared(answers: Answers, tmp_path: Path) -> None:
    """Killed before the rename, which names an answer: no answer is there then, and no lock is held."""
    process = multiprocessing.get_context("fork").Process(target=_keep_and_die, args=(tmp_path / "iem",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert len(list((tmp_path / "iem").glob(".new-*"))) == 1
    assert answers.read(only(answers)) == PAGES
    with answers.locked(print):
        assert list((tmp_path / "iem").glob(".new-*")) == []


def _keep_and_die(folder: Path) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Path.rename = die  # type: ignore[assignment,method-assign]
    other = Answers(folder, ".csv")
    with other.locked(print):
        other.keep(question(IEM, "LGA", "2013-01-01", "2014-01-01"), ADDRESS, [b"half"])


def test_two_processes_do_not_ask_at_once(answers: Answers, tmp_path: Path) -> None:
    said: list[str] = []
    other = multiprocessing.get_context("fork").Process(target=_hold, args=(tmp_path / "iem",), daemon=True)
    other.start()
    while not (tmp_path / "held").exists():
        pass

    def say(text: str) -> None:
        said.append(text)
        (tmp_path / "told").touch()

    with answers.locked(say):
        assert said == ["another load asks iem; waiting for its end"]
        assert (tmp_path / "released").exists()
    other.join()


def _hold(folder: Path) -> None:
    with Answers(folder, ".csv").locked(print):
        (folder.parent / "held").touch()
        while not (folder.parent / "told").exists():
            time.sleep(0.01)
        (folder.parent / "released").touch()
