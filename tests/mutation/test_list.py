"""The list of mutants cannot rot."""

from collections import Counter

import pytest

from tests.mutation.mutants import LAYERS, Mutant, read_mutants
from tests.projects import PROJECT

MUTANTS = {mutant.name: mutant for mutant in read_mutants()}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_each_mutant_changes_one_place(mutant: Mutant) -> None:
    assert mutant.before != mutant.after
    assert mutant.file.split("/")[0] in ("models", "macros")
    assert mutant.places(PROJECT) == 1


def test_the_list_covers_every_layer() -> None:
    assert len(MUTANTS) == len(read_mutants()) >= 60
    counted = Counter(mutant.layer for mutant in MUTANTS.values())
    assert counted.keys() == set(LAYERS)
    assert min(counted.values()) >= 8
    assert any(mutant.control for mutant in MUTANTS.values())


def test_contributors_are_told_how_many() -> None:
    """How many there are, and how many are caught: all but those that the list explains."""
    tried = [mutant for mutant in MUTANTS.values() if not mutant.control]
    caught = sum(not mutant.survives for mutant in tried)
    assert f"{caught} of {len(tried)} mistakes" in PROJECT.joinpath("CONTRIBUTING.md").read_text()
