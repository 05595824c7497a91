"""`ontime impact` on a project of a few nodes: what it reaches, what it says of names that are not there."""

import json
from typing import Any

import pytest

from cli.development.columns import lineage_of, server_variables
from cli.development.impact import Impact, impact
from cli.development.show_impact import WIDTH, as_json, as_text
from ingestion.errors import OntimeError

MODELS = {
    "stg_flights": "select f.key, f.carrier, cast(f.late as int) as late, f.note from raw_bts.flights as f",
    "int_flights": "select * from staging.stg_flights where carrier is not null",
    "fct_flights": "select key, carrier, late, note from intermediate.int_flights",
    "agg_carriers": "select carrier, count(*) as flights, sum(late) as late from marts__build.fct_flights"
    " group by carrier",
    "dim_carriers": "select carrier, max(note) as note from staging.stg_flights group by 1",
    "dim_months": "select 1 as month",
    "dim_noted": "select key from staging.stg_flights where note <> ''",
}
SCHEMAS = {"stg": "staging", "int": "intermediate"}
READS = {
    "stg_flights": ["source.ontime.bts.flights"],
    "int_flights": ["stg_flights"],
    "fct_flights": ["int_flights"],
    "agg_carriers": ["fct_flights"],
    "dim_carriers": ["stg_flights"],
    "dim_months": ["int_flights"],  # a macro asks it: its SQL does not read it
    "dim_noted": ["stg_flights"],
}


def uid(name: str) -> str:
    return name if "." in name else f"model.ontime.{name}"


def manifest() -> dict[str, Any]:
    """As dbt writes it, of what is asked for here."""
    nodes = {uid(name): model(name, sql) for name, sql in MODELS.items()}
    late = data_test("fct_flights__late_is_known", "select key from marts__build.fct_flights where late < 0")
    named = "select carrier from marts__build.dim_carriers"
    tests = {"a": late, "b": data_test("not_null_dim_carriers", named, "dim_carriers")}
    return {
        "metadata": {"project_name": "ontime"},
        "nodes": nodes | {f"test.ontime.{name}": it | {"unique_id": name} for name, it in tests.items()},
        "sources": {
            "source.ontime.bts.flights": {
                "unique_id": "source.ontime.bts.flights",
                "resource_type": "source",
                "source_name": "bts",
                "name": "flights",
                "schema": "raw_bts",
                "identifier": "flights",
                "columns": {},
            }
        },
        "macros": {
            "macro.ontime.is_late": macro("is_late", []),
            "macro.ontime.lateness": macro("lateness", ["macro.ontime.is_late"]),
            "macro.ontime.publish": macro("publish", []),
        },
        "parent_map": {uid(name): [uid(it) for it in above] for name, above in READS.items()}
        | {"source.ontime.bts.flights": []},
        "unit_tests": {
            "u": {
                "name": "late_is_a_number",
                "model": "stg_flights",
                "given": [{"input": "source('bts', 'flights')", "rows": [{"late": "1"}]}],
                "expect": {"rows": [{"late": 1}]},
            }
        },
        "semantic_models": {
            "s": {
                "node_relation": {"alias": "fct_flights"},
                "measures": [
                    {"name": "late", "expr": None},
                    {"name": "notes", "expr": "case when note is not null then 1 end"},
                ],
            }
        },
        "metrics": {
            "m": {"name": "late_flights", "type_params": {"input_measures": [{"name": "late"}]}},
            "n": {"name": "noted_flights", "type_params": {"input_measures": [{"name": "notes"}]}},
        },
        "exposures": {"e": {"name": "report", "depends_on": {"nodes": [uid("agg_carriers")]}}},
    }


def model(name: str, sql: str) -> dict[str, Any]:
    return {
        "unique_id": uid(name),
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": SCHEMAS.get(name[:3], "marts__build"),
        "access": "protected" if name[:3] in SCHEMAS else "public",
        "original_file_path": f"models/{name}.sql",
        "config": {},
        "columns": {},
        "constraints": [],
        "compiled_code": sql,
        "depends_on": {
            "nodes": [uid(it) for it in READS[name]],
            "macros": ["macro.ontime.lateness"] if name == "fct_flights" else [],
        },
    }


def data_test(name: str, sql: str, attached: str = "") -> dict[str, Any]:
    return {
        "resource_type": "test",
        "name": name,
        "attached_node": uid(attached) if attached else None,
        "compiled_code": sql,
        "config": {},
        "depends_on": {"nodes": [], "macros": []},
    }


def macro(name: str, calls: list[str]) -> dict[str, Any]:
    return {"name": name, "package_name": "ontime", "depends_on": {"macros": calls}}


def reached(name: str) -> Impact:
    return impact(name, lineage_of(manifest()), manifest())


def models_of(found: Impact) -> dict[str, str]:
    return {it.model: " ".join(["rows"] * it.rows + list(it.computed)) for it in found.models}


def test_a_column_reaches_what_is_computed_of_it() -> None:
    found = reached("stg_flights.late")
    assert models_of(found) == {"int_flights": "late", "fct_flights": "late", "agg_carriers": "late"}
    assert [it.name for it in found.tests] == ["fct_flights__late_is_known"]
    assert (found.unit_tests, found.metrics) == (("stg_flights: late_is_a_number",), ("late_flights",))
    assert found.exposures == ("report",)


def test_a_column_that_decides_on_rows_reaches_all_behind_them() -> None:
    found = reached("stg_flights.carrier")
    assert models_of(found) == {
        "int_flights": "rows carrier",
        "fct_flights": "rows carrier",
        "agg_carriers": "rows carrier",
        "dim_carriers": "rows carrier",
    }
    assert found.metrics == ("late_flights", "noted_flights")


def test_what_a_model_asks_while_it_is_built_is_told_apart() -> None:
    found = reached("int_flights.note")
    assert models_of(found) == {"fct_flights": "note"}
    assert found.perhaps == ("dim_months",)
    assert [it.why for it in found.unknown] == ["asks int_flights while it is built"]


def test_a_column_of_a_source_and_a_macro_begin_somewhere() -> None:
    assert models_of(reached("bts.flights.note")).keys() == {
        *("stg_flights", "int_flights", "fct_flights", "dim_carriers", "dim_noted")
    }
    found = reached("is_late")
    assert found.begins == ("fct_flights",)
    assert models_of(found).keys() == {"agg_carriers"}


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("fct_flihgts", "there is no model, seed, source or macro `fct_flihgts`", "did you mean fct_flights"),
        ("fct_flights.lat", "fct_flights has no column `lat`", "did you mean late"),
        ("fct_flights.zzzz", "fct_flights has no column `zzzz`", "it has key, carrier, late, note"),
        ("publish", "no model calls the macro `publish`", "ontime build --plan"),
    ],
)
def test_a_name_that_is_not_there(name: str, said: str, remedy: str) -> None:
    with pytest.raises(OntimeError) as error:
        reached(name)
    assert error.value.message == said
    assert remedy in error.value.remedy


def test_without_a_server_it_answers_too(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt compiles for a server that it does not ask; in a fresh clone there is none to name."""
    monkeypatch.setenv("ONTIME_STATE", str(tmp_path_factory.mktemp("no_server")))
    assert server_variables() == {"PGHOST": "127.0.0.1", "PGPORT": "9"}


def test_the_text_fits_and_marks_what_is_published() -> None:
    text = as_text("stg_flights", reached("stg_flights"))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "  * fct_flights" in text
    assert "    int_flights" in text
    assert "not known: 1" in text


def test_what_it_may_only_decide_on_stands_apart() -> None:
    lines = as_text("stg_flights.note", reached("stg_flights.note")).splitlines()
    title = lines.index("models of which it may decide on the rows, and no more: 1, published: 1 (*)")
    assert lines[title + 1].split() == ["*", "dim_noted", "rows"]


def test_the_json_has_all_of_it() -> None:
    found = json.loads(as_json("stg_flights.late", reached("stg_flights.late")))
    assert [it["model"] for it in found["models"]] == ["int_flights", "fct_flights", "agg_carriers"]
    assert found["models"][1] == {
        "model": "fct_flights",
        "file": "models/fct_flights.sql",
        "is_published": True,
        "rows": False,
        "computed": ["late"],
        "steered": [],
    }
