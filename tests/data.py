"""The real files that tests read, see the README.md beside them. They are no part of this repository."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("ONTIME_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def data(name: str) -> Path:
    """A file or folder of the real data, as `bts_lookups/L_WEEKDAYS.csv`; without it the test is skipped."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the real data is not here: {path}; ONTIME_TEST_DATA names its folder")
    return path


def case(name: str) -> Path:
    """A small input that went wrong once, as `rls-marks-all-as-vanished`; without it the test is skipped."""
    path = FOLDER.parent / "cases" / name
    if not path.exists():
        pytest.skip(f"the case is not here: {path}")
    return path
