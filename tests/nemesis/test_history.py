"""The short form of the nemesis: one history, another one each day (docs/nemesis.md)."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.nemesis.machine import STEPS_OF_A_HISTORY, Counted, History, run_history, seed_of_today
from tests.nemesis.world import warehouse


def test_the_history_of_today() -> None:
    """Takes a warehouse of its own, and twenty steps that each load or build. Its output names the seed."""
    number = seed_of_today()
    print(f"repeat it: python -m tests.nemesis --seed {number}")
    with TemporaryDirectory(prefix="ontime-nemesis-") as folder, warehouse(Path(folder)) as world:
        History.world, History.counted, History.first_violation = world, Counted(print), None
        run_history(number, STEPS_OF_A_HISTORY, shrinks=False)
    assert History.counted.steps >= STEPS_OF_A_HISTORY
    assert History.counted.looks > 0
