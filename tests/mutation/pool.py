"""Several mutants at a time, each process with a bench of its own: dbt works in one folder at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.mutation.bench import Bench, Template, Verdict
from tests.mutation.mutants import Mutant

_bench: Bench  # of this process


def judge_all(mutants: Sequence[Mutant], folder: Path, template: Template, jobs: int) -> Iterator[Verdict]:
    """The verdicts, in the order of the mutants."""
    context = get_context("spawn")
    numbers: Any = context.SimpleQueue()
    for number in range(jobs):
        numbers.put(number)
    with ProcessPoolExecutor(jobs, context, _set_up_bench, (numbers, folder, template)) as pool:
        yield from pool.map(_judge, mutants)


def _set_up_bench(numbers: Any, folder: Path, template: Template) -> None:
    global _bench
    _bench = Bench.set_up(folder, f"mutants_{numbers.get()}", template)


def _judge(mutant: Mutant) -> Verdict:
    return _bench.judge(mutant)
