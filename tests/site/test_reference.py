"""What pages of reference are made of: each part on data of its own, without a browser or a warehouse."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.building.test_results import steps_of_tests
from cli.development.columns import Lineage, Unknown
from cli.questions.units import unit_of
from cli.site.marts import Table
from cli.site.reference.column_facts import most_frequent, quoted
from cli.site.reference.graph import graph_data
from cli.site.reference.origins import landed_columns
from cli.site.reference.project import Column, DataTest, Project, Relation, project_of
from cli.site.reference.questions import Asked, read_questions
from cli.site.reference.search import KINDS, search_index
from cli.site.reference.tests import by_model, results_of, totals
from cli.site.rendering import markdown, value
from ingestion.errors import OntimeError

PAGE = """# Questions

## 1. How many?

A *remark*.

```sql
select 2 as flights, null as late, true as known
```

```csv
flights,late,known
2,,true
```
"""


def test_a_question_is_read_from_its_page() -> None:
    (question,) = read_questions(PAGE)
    assert (question.number, question.title, question.remark) == (1, "How many?", "A *remark*.")
    assert question.sql == "select 2 as flights, null as late, true as known"
    with pytest.raises(OntimeError, match=r"question 2 of docs/questions\.md has no SQL"):
        read_questions(PAGE + "\n## 2. And now?\n\nNobody knows.\n")


@pytest.mark.parametrize(("flights", "is_same"), [(2, True), (3, False)])
def test_an_answer_is_the_stated_one_or_not(flights: int, is_same: bool) -> None:
    (question,) = read_questions(PAGE)
    answer = Table(
        question.sql, ("flights", "late", "known"), ("int4", "text", "bool"), ((flights, None, True),)
    )
    assert Asked(question, answer).is_as_stated is is_same
    refused = Table(question.sql, (), (), (), "it took too long")
    assert not Asked(question, refused).is_as_stated
    assert (refused.count, refused.column("flights")) == (None, [])


def node(kind: str, name: str, folder: str, **others: Any) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "unique_id": f"{kind}.ontime.{name}",
        "name": name,
        "description": f"One row per {name}. And more.",
        "original_file_path": f"models/{folder}/{name}.sql",
        "fqn": ["ontime", *folder.split("/"), name],
        "columns": {},
        "config": {"meta": {}},
        **others,
    }


def manifest() -> dict[str, Any]:
    column = {
        "name": "kind",
        "description": "Of `what` kind.",
        "data_type": "text",
        "constraints": [{"type": "not_null"}, {"type": "check", "expression": "kind\n in ('a', 'b')"}],
    }
    mart = node(
        "model", "fct_things", "marts/core", columns={"kind": column},
        constraints=[{"type": "primary_key", "columns": ["kind", "other"]}],
    )  # fmt: skip
    audit = node("model", "audit_things", "audit")
    staging = node("model", "stg_bts__things", "staging/bts")
    landed = node("source", "things", "staging/bts", source_name="bts", unique_id="source.ontime.bts.things")
    test = {
        "resource_type": "test",
        "name": "relationships_fct_things_kind",
        "description": "",
        "config": {"severity": "WARN"},
        "attached_node": "model.ontime.fct_things",
        "column_name": "kind",
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"to": "ref('dim_kinds')", "field": "kind", "column_name": "kind", "model": "x"},
        },
        "depends_on": {"nodes": ["model.ontime.audit_things", "model.ontime.fct_things"]},
    }
    macro = {
        "name": "share",
        "package_name": "ontime",
        "description": "A part.",
        "original_file_path": "macros/measures/flights.sql",
        "macro_sql": "{# x #}\n{% macro share(part, whole=none) -%}",
    }
    return {
        "metadata": {"project_name": "ontime"},
        "nodes": {it["unique_id"]: it for it in (mart, audit, staging)} | {"test.ontime.t": test},
        "sources": {landed["unique_id"]: landed},
        "metrics": {},
        "macros": {"m": macro, "n": macro | {"original_file_path": "macros/publish/x.sql"}},
        "parent_map": {
            mart["unique_id"]: [staging["unique_id"]],
            staging["unique_id"]: [landed["unique_id"]],
        },
        "child_map": {staging["unique_id"]: [mart["unique_id"], "test.ontime.t"]},
    }


def test_the_project_is_read_from_the_manifest() -> None:
    project = project_of(manifest())
    places = [(it.name, it.layer, it.subject) for it in project.relations.values()]
    assert places == [
        ("bts.things", "raw", "bts"),
        ("stg_bts__things", "staging", "bts"),
        ("audit_things", "marts", "audit"),
        ("fct_things", "marts", "core"),
    ]
    mart = project.relations["fct_things"]
    assert mart.grain == "One row per fct_things"
    assert mart.parents == ("stg_bts__things",)
    assert project.relations["stg_bts__things"].children == ("fct_things",), "a test is no child"
    assert mart.columns[0].rules == (
        "part of the primary key",
        "never null",
        "kind in ('a', 'b')",
        "is there as kind in dim_kinds",
    )
    test = DataTest("relationships_fct_things_kind", "", "warn", ("fct_things", "audit_things"))
    assert list(project.tests.values()) == [test]
    assert [(it.name, it.arguments) for it in project.macros] == [("share", "part, whole=none")]


def small_project() -> tuple[Project, Lineage]:
    """bts.t (a, b) -> stg (x = a, y) -> mart (z = x + y)."""
    relations = [
        Relation(
            "mart", "marts", "core", "One row per z.", "m.sql", (Column("z", "The sum."),), parents=("stg",)
        ),
        Relation("bts.t", "raw", "bts", "As it landed.", "t.yml"),
        Relation("stg", "staging", "bts", "One row per x.", "s.sql", parents=("bts.t",)),
    ]
    lineage = Lineage(
        columns={"stg": ("x", "y"), "mart": ("z",), "bts.t": ()},
        values={
            ("stg", "x"): frozenset({("bts.t", "a")}),
            ("stg", "y"): frozenset(),
            ("mart", "z"): frozenset({("stg", "x"), ("stg", "y")}),
        },
        unknown=(Unknown("mart", "*", "asks bts.t while it is built"), Unknown("mart", "z", "who knows")),
    )
    return Project({it.name: it for it in relations}), lineage


def test_a_column_comes_from_what_landed() -> None:
    _, lineage = small_project()
    assert landed_columns(lineage, ("mart", "z")) == [("bts.t", "a")]
    assert landed_columns(lineage, ("stg", "y")) == []


def test_the_graph_names_each_model_and_column_by_its_place() -> None:
    project, lineage = small_project()
    data = graph_data(project, lineage, {"mart"})
    names = [model[0] for model in data["models"]]
    assert names == ["bts.t", "stg", "mart"], "each after its parents"
    assert [model[5] for model in data["models"]] == [[], [0], [1]]
    assert [model[4] for model in data["models"]] == [["a"], ["x", "y"], ["z"]]
    assert [model[6] for model in data["models"]] == [0, 0, 1]
    assert data["columns"] == {1: [[[0, 0]], []], 2: [[[1, 0], [1, 1]]]}
    assert data["unknown"] == {2: ["asks bts.t while it is built", "z: who knows"]}


def test_the_search_has_a_column_once_with_all_its_marts() -> None:
    late = Column("late", "Flights that  were\nlate.")
    marts = [
        Relation("one", "marts", "core", "First.", "", (late, Column("own", "Its own."))),
        Relation("two", "marts", "core", "Second.", "", (late,)),
    ]
    index = search_index(Project({}), marts, {"late": "Flights that were late.", "fence": "A bound."})
    told = [[KINDS[kind], name, index["texts"][text], where] for kind, name, text, where in index["entries"]]
    assert ["column", "late", "Flights that were late.", ["one", "two"]] in told
    assert ["term", "fence", "A bound.", []] in told
    assert len([entry for entry in told if entry[1] == "late"]) == 1, "a column says what its term says"
    assert len(index["texts"]) == len(set(index["texts"]))


def test_tests_stand_with_their_last_result() -> None:
    tests = [DataTest(name, "", "error", ("fct_things",)) for name in ("a", "b", "c", "d")]
    ran_at = datetime(2024, 1, 2, 3, tzinfo=UTC)
    recorded = [
        {"test": name, "outcome": outcome, "detail": detail, "rows_found": rows, "ran_at_utc": ran_at}
        for name, outcome, detail, rows in (
            ("a", "succeeded", None, 0),
            ("b", "succeeded", "warning: Got 2 results", 2),
            ("c", "failed", "Got 1 result", 1),
            ("gone", "failed", "of a test that left the project", 1),
        )
    ]
    results = results_of(tests, recorded)
    assert [(it.test.name, it.state, it.rows) for it in results] == [
        ("c", "failed", 1),
        ("b", "warned", 2),
        ("a", "passed", 0),
        ("d", "not on record", None),
    ]
    assert totals(results) == {"passed": 1, "warned": 1, "failed": 1, "not on record": 1}
    assert [name for name, _ in by_model(results)] == ["fct_things"]


def test_a_build_says_what_each_test_found() -> None:
    def result(kind: str, name: str, status: str, failures: int | None, message: str | None) -> Any:
        moments = {
            "started_at": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "completed_at": datetime(2024, 1, 2, 3, 4, 6, tzinfo=UTC),
        }
        return SimpleNamespace(
            node=SimpleNamespace(resource_type=kind, name=name),
            status=status,
            failures=failures,
            message=message,
            execution_time=1.0,
            timing=[SimpleNamespace(name="execute", **moments)],
        )

    steps = list(
        steps_of_tests(
            [
                result("model", "fct", "success", None, "OK"),
                result("test", "holds", "pass", 0, None),
                result("test", "warns", "warn", 2, "Got 2 results"),
                result("unit_test", "breaks", "fail", 1, "actual differs\n  from expected"),
                result("test", "never_ran", "skipped", None, None),
            ]
        )
    )
    assert [(it.step, it.subject, it.outcome, it.row_count, it.detail) for it in steps] == [
        ("test", "holds", "succeeded", 0, None),
        ("test", "warns", "succeeded", 2, "warning: Got 2 results"),
        ("test", "breaks", "failed", 1, "actual differs from expected"),
    ]
    assert steps[0].started_at == "2024-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("name", "data_type", "unit"),
    [
        ("arr_delay_minutes", "integer", "minutes"),
        ("on_time_pct", "numeric(7,4)", "percent"),
        ("is_late_60_minutes", "boolean", "yes or no"),
        ("scheduled_arrival_at_utc", "timestamp without time zone", "UTC"),
        ("flight_month", "date", "first day of the month"),
        ("late_60_minutes", "bigint", "flights"),
        ("origin_mean_dep_delay_minutes_3h", "double precision", "minutes"),
        ("flights", "bigint", "flights"),
        ("rows_seen", "bigint", "rows"),
        ("flight_number", "integer", ""),
        ("carrier_code", "text", ""),
    ],
)
def test_the_name_of_a_column_says_its_unit(name: str, data_type: str, unit: str) -> None:
    assert unit_of(name, data_type) == unit


def test_examples_are_the_most_frequent_and_short() -> None:
    assert most_frequent(["b", None, "a", "a", "c", "d", None]) == ("a", "b", "c")
    (shown,) = most_frequent(["x" * 100])
    assert len(shown) == 40
    assert shown.endswith("…")
    assert most_frequent([None]) == ()
    assert quoted('a"b') == '"a""b"'


def test_descriptions_are_markdown_and_never_html() -> None:
    shown = markdown("**Bold** <img src=x onerror=alert(1)> [here](javascript:alert(1)) `a < b`")
    assert "<strong>Bold</strong>" in shown
    assert "<img" not in shown
    assert "href" not in shown
    assert "<code>a &lt; b</code>" in shown


def test_numbers_of_things_are_not_counts() -> None:
    assert [value(4401, name) for name in ("flights", "flight_number", "file_no", "year")] == [
        "4,401",
        "4401",
        "4401",
        "4401",
    ]
