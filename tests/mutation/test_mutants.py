"""The list of mutants cannot rot, and the tool tells a caught mutant from one that survives."""

from collections import Counter

import pytest

from cli.server.process import Server
from tests.mutation.bench import Bench, Catch, Template, Verdict, build_template
from tests.mutation.mutants import LAYERS, Mutant, read_mutants
from tests.mutation.report import page, surprises
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


def verdict(outcome: str, **mutant: object) -> Verdict:
    given = {
        "layer": "macros",
        "kind": "lost filter",
        "file": "macros/a.sql",
        "before": "a | b\n",
        "after": "",
    }
    by = (Catch("unit test", "t"),) if outcome == "caught" else ()
    return Verdict(Mutant(**given | mutant), outcome, by)  # type: ignore[arg-type]


def test_the_page_counts_and_explains() -> None:
    verdicts = [
        verdict("caught", name="m1"),
        verdict("survived", name="m2", survives="it means the same"),
        verdict("warned", name="m3", survives="a warning is enough"),
        verdict("caught", name="m4"),
        verdict("survived", name="m5", control=True),
    ]
    assert surprises(verdicts) == []
    text = page(verdicts)
    assert "**2 of 4 mutants are caught: 50.0 %.**" in text
    assert "| m1 | lost filter | `a`: `a \\| b ` → nothing | unit test `t` |" in text
    assert "| m2 | `a`: `a \\| b ` → nothing | nobody | it means the same |" in text
    assert "`m5` (survived)" in text


@pytest.mark.parametrize(
    ("outcome", "mutant"),
    [
        ("survived", {}),
        ("warned", {}),
        ("invalid", {}),
        ("invalid", {"survives": "it means the same"}),
        ("caught", {"survives": "it means the same"}),
        ("caught", {"control": True}),
    ],
)
def test_what_the_list_does_not_say_is_a_surprise(outcome: str, mutant: dict[str, object]) -> None:
    (said,) = surprises([verdict(outcome, name="m", **mutant)])
    assert said.startswith("m ")


@pytest.fixture(scope="module")
def template(warehouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The sound project: it builds, and every test passes."""
    return build_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def bench(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.set_up(tmp_path_factory.mktemp("bench"), "mutants_of_a_test", template)


def test_a_unit_test_catches(bench: Bench) -> None:
    found = bench.judge(MUTANTS["on_time_counts_15_minutes"])
    assert (found.outcome, {catch.kind for catch in found.by}) == ("caught", {"unit test"}), found.said


def test_a_data_test_catches(bench: Bench) -> None:
    found = bench.judge(MUTANTS["routes_of_all_versions"])
    assert (found.outcome, {catch.kind for catch in found.by}) == ("caught", {"data test"}), found.said


def test_a_contract_catches(bench: Bench) -> None:
    found = bench.judge(MUTANTS["weather_column_lost"])
    assert (found.outcome, found.by) == ("caught", (Catch("contract", "fct_flight_weather"),)), found.said


def test_what_means_the_same_survives(bench: Bench) -> None:
    """On a database that the mutants before have not spoilt."""
    assert bench.judge(MUTANTS["control_alias"]).outcome == "survived"


def test_what_is_no_sql_is_not_caught(bench: Bench) -> None:
    no_sql = Mutant(
        *("no_sql", "marts", "none", "models/marts/core/dim_dates.sql"),
        before="parts.iso_day_of_week >= 6",
        after="parts.no_such_column >= 6",
    )
    found = bench.judge(no_sql)
    assert found.outcome == "invalid"
    assert "no_such_column" in found.said
