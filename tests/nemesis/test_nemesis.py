"""What the nemesis judges by: its books, the checker of what readers saw, the list of planted faults."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.nemesis.books import FLIGHTS, Books, Figures, File, Verdict
from tests.nemesis.faults import Fault, Found, read_faults, table
from tests.nemesis.project import small_project
from tests.nemesis.readers import Look, Publication, violations
from tests.projects import PROJECT

WHOLE, NEWER, SHORT = File(1, "whole", 0), File(1, "whole", 1), File(1, "short", 2)
UNREADABLE, SPOILT = File(2, "unreadable", 0), File(2, "spoilt", 1)


def books(*events: File | tuple[File, Verdict]) -> Books:
    told = Books()
    for event in events:
        told.land(event) if isinstance(event, File) else told.decide(*event)
    return told


@pytest.mark.parametrize(
    ("events", "month", "published"),
    [
        ((), 1, None),
        ((WHOLE,), 1, WHOLE),
        ((WHOLE, NEWER), 1, NEWER),
        ((WHOLE, NEWER, WHOLE), 1, NEWER),  # the same content again is no news
        ((SHORT,), 1, SHORT),  # nothing is older
        ((WHOLE, SHORT), 1, WHOLE),
        ((SHORT, WHOLE), 1, WHOLE),
        ((WHOLE, SHORT, (SHORT, "accept")), 1, SHORT),
        ((WHOLE, SHORT, (SHORT, "accept"), NEWER), 1, NEWER),
        ((WHOLE, SHORT, (SHORT, "accept"), (SHORT, "reject")), 1, WHOLE),
        ((WHOLE, NEWER, (WHOLE, "accept")), 1, WHOLE),  # what was accepted last
        ((WHOLE, (WHOLE, "reject")), 1, None),
        ((UNREADABLE,), 2, None),
        ((UNREADABLE, (UNREADABLE, "accept")), 2, UNREADABLE),
        ((SPOILT,), 2, SPOILT),
        ((File(2, "whole", 0), SPOILT), 2, File(2, "whole", 0)),
    ],
)
def test_which_file_counts(
    events: tuple[File | tuple[File, Verdict], ...], month: int, published: File | None
) -> None:
    assert books(*events).published(month) == published


def test_the_account_balances() -> None:
    flights, ledger = books(WHOLE, NEWER, SHORT, UNREADABLE, SPOILT).figures()
    assert all(seen == sum(parts) for _, seen, *parts in ledger)
    published = {name: row for name, _, *row in ledger}
    assert published[WHOLE.name] == [0, FLIGHTS, 0, 0]
    assert published[NEWER.name] == [FLIGHTS, 0, 0, 0]
    assert published[SHORT.name] == [0, 0, 0, 8]
    assert published[UNREADABLE.name] == [0, 0, 6, 18]
    assert published[SPOILT.name] == [22, 0, 2, 0]
    assert sum(row[2] for row in flights) == FLIGHTS + 22


def test_editions_differ() -> None:
    """Else a restated month that does not supersede would look as one that does."""
    seen = [books(File(1, "whole", edition)).figures()[0] for edition in range(4)]
    assert len(set(seen)) == 4


A, B = (books(WHOLE).figures(), books(NEWER).figures())
PUBLISHED = [Publication(A, 0, 0), Publication(B, 10, 20), Publication(A, 30, 40)]


@pytest.mark.parametrize(
    ("looks", "wrong"),
    [
        ([(1, 2, A), (11, 12, A), (13, 14, B), (25, 26, B), (35, 36, A)], None),
        ([(11, 12, B), (13, 14, A)], "went back in time"),
        ([(11, 14, B), (13, 14, A)], None),  # at once
        ([(1, 2, B)], "did not stand"),
        ([(21, 22, A)], "did not stand"),
        ([(31, 32, A), (33, 34, B)], "went back in time"),
        ([(5, 6, ((), ()))], "never published"),
        ([(5, 6, "fct_flights and agg_carrier_month disagree")], "saw half"),
    ],
)
def test_what_readers_saw(looks: list[tuple[float, float, Figures | str]], wrong: str | None) -> None:
    found = violations([Look(no, start, end, saw) for no, (start, end, saw) in enumerate(looks)], PUBLISHED)
    assert [wrong in it for it in found if wrong] == ([True] if wrong else [])
    assert bool(found) == (wrong is not None)


FAULTS = {fault.name: fault for fault in read_faults()}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_changes_what_stands_once(fault: Fault) -> None:
    texts = {path: (PROJECT / path).read_text() for path, _, _ in fault.edits}
    for path, before, after in fault.edits:
        assert before != after
        assert texts[path].count(before) == 1
        texts[path] = texts[path].replace(before, after)


def test_there_are_20_faults_of_each_kind_of_place() -> None:
    assert len(FAULTS) == len(read_faults()) >= 20
    assert min(Counter(fault.place for fault in FAULTS.values()).values()) >= 2


def test_the_table_says_what_was_not_found() -> None:
    fault = Fault("f", "locks", 60, ())
    assert "| `f` | locks | **nothing** | 60 | 60 | 3 | 90 |" in table([Found(fault, "", 60, 3, 90)])
    assert not Found(fault, "", 60, 3, 90).is_in_time
    assert Found(fault, "published", 7, 1, 20).is_in_time
    assert not Found(fault, "published", 70, 4, 20).is_in_time


def test_the_small_project_has_what_the_ledger_reads(tmp_path: Path) -> None:
    """A mart that an entity names as its own goes with the ledger, which reads it."""
    entities = (PROJECT / "macros/versions/entities.sql").read_text()
    models = {path.stem for path in small_project(tmp_path).folder.glob("models/**/*.sql")}
    assert models >= {*re.findall(r"'published': '(\w+)'", entities), "fct_flights", "agg_carrier_month"}
