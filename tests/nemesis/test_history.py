"""The short form of the nemesis: another history each day (docs/nemesis.md)."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.nemesis.machine import (
    STEPS_OF_A_HISTORY,
    Counted,
    History,
    run_history,
    seed_of_today,
    seeds_until,
)
from tests.nemesis.world import warehouse


def test_the_history_of_today() -> None:
    """Takes a warehouse of its own, and twenty steps that each load or build. Its output names the seed.

    A history that ends sooner is followed by another one: `python -m tests.nemesis --seed S` repeats each.
    """
    with TemporaryDirectory(prefix="ontime-nemesis-") as folder, warehouse(Path(folder)) as world:
        History.world, History.counted, History.first_violation = world, Counted(print), None
        for number in seeds_until(STEPS_OF_A_HISTORY, seed_of_today()):
            run_history(number, STEPS_OF_A_HISTORY, shrinks=False)
    assert History.counted.looks > 0
