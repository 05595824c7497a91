"""What the tests of the project said when they ran last, beside the models that they are about."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cli.site.reference.project import DataTest

State = Literal["passed", "warned", "failed", "not on record"]
STATES: tuple[State, ...] = ("passed", "warned", "failed", "not on record")
TROUBLE_FIRST: tuple[State, ...] = ("failed", "warned", "passed", "not on record")


@dataclass(frozen=True)
class LastResult:
    """A test with its last result. `rows` are those that it found wrong, `says` what it said of them."""

    test: DataTest
    state: State
    rows: int | None = None
    says: str = ""
    ran_at_utc: datetime | None = None

    @property
    def about(self) -> str:
        """The model that it is attached to, or reads first."""
        return self.test.relations[0] if self.test.relations else "the project"


def results_of(tests: Iterable[DataTest], recorded: Iterable[Mapping[str, Any]]) -> list[LastResult]:
    """The tests of the project with what is recorded of them; those that failed first."""
    by_name = {record["test"]: record for record in recorded}
    found = [_result(test, by_name.get(test.name)) for test in tests]
    return sorted(found, key=lambda it: (TROUBLE_FIRST.index(it.state), it.about, it.test.name))


def _result(test: DataTest, record: Mapping[str, Any] | None) -> LastResult:
    if record is None:
        return LastResult(test, "not on record")
    says = record["detail"] or ""
    state: State = "failed" if record["outcome"] != "succeeded" else "warned" if says else "passed"
    return LastResult(test, state, record["rows_found"], says, record["ran_at_utc"])


def by_model(results: Iterable[LastResult]) -> list[tuple[str, Counter[State]]]:
    """For each model how many tests are in which state, those with trouble first."""
    counts: dict[str, Counter[State]] = {}
    for result in results:
        counts.setdefault(result.about, Counter())[result.state] += 1
    return sorted(counts.items(), key=lambda it: (-it[1]["failed"], -it[1]["warned"], it[0]))


def totals(results: Iterable[LastResult]) -> Counter[State]:
    return Counter(result.state for result in results)
