"""What a test needs and is not on this machine."""

import os
from typing import NoReturn

import pytest


def missing(told: str) -> NoReturn:
    """Skip the test, saying what it needs and how to get that; where CI is set, which has it all, fail."""
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)
