"""Explains many figures one after the other, and counts how often raw text gives the same."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from cli.questions.explain import explain
from cli.questions.explain.proof import spelled
from cli.questions.explain.sessions import Session
from tests.explain.cells import Cell


@dataclass
class Proof:
    """`verdicts` counts equal, different and cannot; `seconds` are those of each explanation."""

    verdicts: Counter[str] = field(default_factory=Counter)
    columns: set[tuple[str, str]] = field(default_factory=set)
    different: list[str] = field(default_factory=list)
    cannot: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def words(self) -> str:
        marts = {mart for mart, _ in self.columns}
        said = ", ".join(f"{self.verdicts[name]} {name}" for name in ("equal", "different", "cannot"))
        return (
            f"{len(self.seconds)} figures of {len(self.columns)} columns of {len(marts)} marts "
            f"(metrics as one): {said}; "
            f"seconds: median {self.percentile(0.5):.2f}, p99 {self.percentile(0.99):.2f}, "
            f"longest {self.slowest[0]:.2f} ({self.slowest[1]})"
        )


def prove(session: Session | None, cells: Iterable[Cell]) -> Proof:
    """With a session of its own for each figure where none is given: as the command asks."""
    proof = Proof()
    for cell in cells:
        began = time.monotonic()
        explained = explain(cell.subject, cell.where, session)
        took = time.monotonic() - began
        proof.seconds.append(took)
        name = f"{cell.subject} {' '.join(f'{key}={value}' for key, value in cell.where.items())}"
        proof.slowest = max(proof.slowest, (took, name))
        recomputed = explained.recomputation
        proof.verdicts[recomputed.verdict] += 1
        proof.columns.add((cell.mart, cell.column))
        if recomputed.verdict == "different":
            proof.different.append(
                f"{name}: {spelled(explained.value)}, from raw {spelled(recomputed.value)}"
            )
        if recomputed.verdict == "cannot":
            proof.cannot[recomputed.words] += 1
    return proof
