"""The tool tells a caught mutant from one that survives."""

import pytest

from cli.server.process import Server
from tests.mutation.bench import Bench, Catch, Template, Verdict, build_template
from tests.mutation.mutants import Mutant, read_mutants
from tests.mutation.report import page, surprises

MUTANTS = {mutant.name: mutant for mutant in read_mutants()}


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
