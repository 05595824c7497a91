"""The seed of holidays: what its script writes today, and what others recorded."""

import csv
from pathlib import Path

import pytest

from seeds import write_us_holidays
from tests.data import data


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_seed_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = write_us_holidays.SEED
    monkeypatch.setattr(write_us_holidays, "SEED", tmp_path / "written.csv")
    write_us_holidays.main()
    assert (tmp_path / "written.csv").read_text() == committed.read_text()


def test_it_agrees_with_the_recorded_holidays() -> None:
    recorded = rows(data("holidays/us_federal_2008_2026.csv"))
    assert [row for row in rows(write_us_holidays.SEED) if "2008" <= row[0] < "2027"] == recorded
