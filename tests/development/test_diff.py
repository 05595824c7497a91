"""`ontime diff`: rows of the own schemas against production's, on small tables of both."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from cli.development.diff import Difference, Example
from cli.development.diff import diff as compare
from cli.development.show_diff import WIDTH, as_text
from cli.development.space.contents import make_schemas, write_notes
from cli.development.space.names import own_space
from cli.main import main
from cli.server.connections import connection
from ingestion.errors import OntimeError

MODEL = "agg_carrier_month"  # by flight_month and carrier_code, as its YAML says
HISTORY = "int_performance__totals"

PUBLISHED = """
    create table marts.agg_carrier_month (
        flight_month date, carrier_code text, flights bigint, on_time_pct numeric, note text
    );
    insert into marts.agg_carrier_month values
        ('2013-01-01', 'AA', 10, 80.5, 'a'),
        ('2013-01-01', 'DL', 20, null, 'b'),
        ('2013-02-01', 'AA', 11, 70, 'c');
"""


def run(*statements: str) -> None:
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(scope="module")
def production(database: str) -> None:
    run(PUBLISHED)


@pytest.fixture
def own(production: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Schemas of Ann, with a copy of the mart."""
    monkeypatch.setenv("ONTIME_DEV_USER", "Ann.B")
    run(
        "create schema dev_ann_b_marts",
        "create table dev_ann_b_marts.agg_carrier_month as table marts.agg_carrier_month",
    )
    yield
    kinds = ("marts", "intermediate", "ops", "staging", "seeds", "warehouse", "production")
    run(f"drop schema if exists {', '.join(f'dev_ann_b_{kind}' for kind in kinds)} cascade")


def edit(*statements: str) -> None:
    run(*(statement.replace("MART", "dev_ann_b_marts.agg_carrier_month") for statement in statements))


def ontime(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def test_a_copy_is_equal(own: None) -> None:
    found = compare(MODEL)
    assert found.is_equal
    assert (found.rows_before, found.rows_after, found.examples) == (3, 3, ())
    assert ontime(MODEL, "--expect-equal").exit_code == 0


def test_rows_that_came_went_and_changed(own: None) -> None:
    edit(
        "insert into MART values ('2013-03-01', 'AA', 1, 1, 'd')",
        "delete from MART where carrier_code = 'DL'",
        "update MART set on_time_pct = 81, note = null where flights = 10",
        "update MART set note = 'x' where flights = 11",
    )
    found = compare(MODEL)
    assert (found.added, found.gone, found.changed) == (1, 1, 2)
    assert found.changed_by_column == {"on_time_pct": 1, "note": 2}
    january: dict[str, str | None] = {"flight_month": "2013-01-01", "carrier_code": "AA"}
    assert Example("changed", january, {"on_time_pct": ("80.5", "81"), "note": ("a", None)}) in found.examples
    assert Example("gone", january | {"carrier_code": "DL"}) in found.examples
    assert not found.is_equal


def test_one_example_of_each_column_that_changed_is_among_the_first(own: None) -> None:
    others = "select '2012-01-01', 'A' || n, n, n {}, 'n' from generate_series(1, 9) as n"
    edit(
        f"insert into marts.agg_carrier_month {others.format('')}",
        f"insert into MART {others.format('+ 1')}",
        "update MART set note = 'z' where flights = 11",
    )
    try:
        found = compare(MODEL, limit=1)
    finally:
        run("delete from marts.agg_carrier_month where flight_month = '2012-01-01'")
    assert found.changed_by_column == {"on_time_pct": 9, "note": 1}
    assert [list(it.values) for it in found.examples] == [["on_time_pct"], ["note"]]


def test_columns_that_came_went_and_have_another_type(own: None) -> None:
    edit(
        "alter table MART add more integer",
        "alter table MART drop note",
        "alter table MART alter flights type text",
    )
    found = compare(MODEL)
    assert (found.columns_added, found.columns_gone) == ({"more": "integer"}, {"note": "text"})
    assert found.types_changed == {"flights": ("bigint", "text")}
    assert (found.changed, found.is_equal) == (0, False)


def test_nulls_of_a_key_are_paired(own: None) -> None:
    edit(
        "insert into MART values (null, 'AA', 1, 1, 'd')",
        "insert into MART values ('2013-01-01', '', 1, 1, 'd')",
    )
    run("insert into marts.agg_carrier_month values (null, 'AA', 2, 1, 'd'), ('2013-01-01', null, 1, 1, 'd')")
    try:
        found = compare(MODEL)
    finally:
        run("delete from marts.agg_carrier_month where flight_month is null or carrier_code is null")
    assert (found.added, found.gone, found.changed_by_column) == (1, 1, {"flights": 1})


def test_rows_that_all_of_their_columns_tell_apart(own: None) -> None:
    by_all = ("flight_month", "carrier_code", "flights", "on_time_pct", "note")
    assert compare(MODEL, key=by_all).is_equal
    edit("update MART set note = 'z'")
    found = compare(MODEL, key=by_all)
    assert (found.added, found.gone, found.changed) == (3, 3, 0)


def test_some_rows_by_a_condition(own: None) -> None:
    edit("update MART set flights = 0")
    found = compare(MODEL, where="carrier_code = 'AA' -- theirs")
    assert (found.rows_before, found.changed) == (2, 2)


def test_keys_that_stand_twice_are_told(own: None) -> None:
    edit("insert into MART select * from MART where carrier_code = 'DL'")
    found = compare(MODEL)
    assert found.repeated == (0, 1)
    assert not found.is_equal
    assert "1 keys stand more than once here" in as_text(found)


def test_no_more_examples_than_asked_for(own: None) -> None:
    edit("delete from MART")
    assert len(compare(MODEL, limit=2).examples) == 2
    assert compare(MODEL, limit=0).examples == ()


def test_the_text_fits_whatever_the_values(own: None) -> None:
    edit(r"update MART set note = e'\x1b[31m<b>' || repeat('long', 9999) where flights = 10")
    text = as_text(compare(MODEL))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "\x1b" not in text
    assert r"a -> \x1b[31m<b>long" in text


def test_the_json_has_whole_values(own: None) -> None:
    edit("update MART set note = repeat('long', 9999), on_time_pct = 1.10 where flights = 10")
    found = json.loads(ontime(MODEL, "--format", "json").stdout)
    assert found["examples"][0]["values"] == {"on_time_pct": ["80.5", "1.10"], "note": ["a", "long" * 9999]}
    assert not found["is_equal"]


def test_a_difference_is_an_exit_code(own: None) -> None:
    edit("delete from MART")
    assert ontime(MODEL).exit_code == 0
    assert ontime(MODEL, "--expect-equal").exit_code == 1


def test_a_very_wide_model(own: None) -> None:
    many = ", ".join(f"{n} as column_{n}" for n in range(400))
    run("create schema dev_ann_b_intermediate")
    for schema, key in {"marts": 1, "dev_ann_b_marts": 2}.items():
        run(f"create table {schema}.wide as select 1 as id, {key} as value, {many}")
    try:
        found = compare("wide", key=["id"])
    finally:
        run("drop table marts.wide")
    assert found.changed_by_column == {"value": 1}


@pytest.fixture
def history(own: None) -> Iterator[None]:
    """Two months on both sides; January under the same id, February of other code."""
    run("create schema dev_ann_b_intermediate", "create schema if not exists intermediate")
    for schema, february in {
        "intermediate": 201302000000000001,
        "dev_ann_b_intermediate": 201302000000000002,
    }.items():
        ids = f"('2013-01-01'::date, 1, 201301000000000001), ('2013-02-01', 1, {february})"
        run(
            f"create table {schema}.int_months__versions as select '{HISTORY}' as model_name, * "
            f"from (values {ids}) as v (data_month, release_no, version_id)",
            f"create table {schema}.{HISTORY} as select version_id, 'month' as grain, null as carrier_code, "
            "null as origin_airport_code_iata, null as destination_airport_code_iata, 7 as flights "
            f"from {schema}.int_months__versions",
        )
    yield
    run(f"drop table intermediate.{HISTORY}", "drop table intermediate.int_months__versions")


def test_versions_that_both_have_are_not_read(history: None) -> None:
    """January's rows are made to differ, which cannot be: not to see it shows that they were not read."""
    run(f"update dev_ann_b_intermediate.{HISTORY} set flights = flights + 1")
    found = compare(HISTORY)
    assert (found.equal_versions, found.rows_before, found.changed) == (1, 1, 1)
    assert found.examples[0].key["data_month"] == "2013-02-01"
    assert found.changed_by_column == {"flights": 1}


def note_as_built(relation: str, months: str) -> None:
    """What `ontime dev build` notes of a relation."""
    noted = {
        "unique_id": "model.ontime.it",
        "relation": relation,
        "logic": "l",
        "base": "b",
        "months": months,
    }
    space = own_space()
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        make_schemas(cursor, space)
        write_notes(cursor, space, [noted | {"reads": [], "seconds": 1}])


def test_ids_tell_nothing_of_what_was_built_under_the_ids_of_production(history: None) -> None:
    run(f"update dev_ann_b_intermediate.{HISTORY} set flights = flights + 1")
    note_as_built(f"dev_ann_b_intermediate.{HISTORY}", "all months")
    found = compare(HISTORY)
    assert (found.equal_versions, found.rows_before, found.changed) == (0, 2, 2)


def test_of_some_months_these_are_compared(history: None) -> None:
    edit("delete from MART where flight_month <> '2013-02-01'")
    note_as_built("dev_ann_b_marts.agg_carrier_month", "2013-02")
    found = compare(MODEL)
    assert (found.is_equal, found.rows_before, found.months) == (True, 1, "2013-02")
    note_as_built_again = (
        f"update dev_ann_b_ops.built_nodes set relation = 'dev_ann_b_intermediate.{HISTORY}'"
    )
    run(
        note_as_built_again,
        f"delete from dev_ann_b_intermediate.{HISTORY} where version_id / 1000 < 201302000000000",
    )
    limited = compare(HISTORY)
    assert limited.examples == ()
    assert (limited.is_equal, limited.rows_before, limited.months) == (True, 1, "2013-02")


def test_of_what_has_no_column_of_months_all_rows_are_compared_and_it_says_so(own: None) -> None:
    """They may be of other months: nothing in them tells."""
    run(
        "create table marts.dim_carriers (carrier_code text)",
        "insert into marts.dim_carriers values ('AA'), ('DL')",
        "create table dev_ann_b_marts.dim_carriers as table marts.dim_carriers limit 1",
    )
    try:
        note_as_built("dev_ann_b_marts.dim_carriers", "2013-02")
        shown = ontime("dim_carriers").stdout
        run("update dev_ann_b_ops.built_nodes set months = 'all months'")
        told = ontime("dim_carriers").stdout
    finally:
        run("drop table marts.dim_carriers")
    assert "built of 2013-02, and it has no column of months" in shown
    assert "no column of months" not in told
    assert "0 added, 1 gone" in shown


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (
            ["agg_carier_month"],
            "there is no model or seed `agg_carier_month`",
            "did you mean agg_carrier_month",
        ),
        (["agg_month"], "agg_month is not built in dev_ann_b_*", "ontime dev build agg_month"),
        ([MODEL, "--key", "nothing"], "has no column nothing", "--key COLUMN,COLUMN"),
        ([MODEL, "--where", "nothing = 1"], 'column "nothing" does not exist', "mend what --where says"),
        ([MODEL, "--where", "true); drop table marts.agg_carrier_month; --"], "syntax error", "--where"),
    ],
)
def test_what_cannot_be_compared(own: None, arguments: list[str], said: str, remedy: str) -> None:
    shown = ontime(*arguments)
    assert shown.exit_code == 1
    assert said in shown.stderr
    assert remedy in shown.stderr


def test_a_model_without_a_key_and_one_that_is_new(own: None) -> None:
    run(
        "create schema staging",
        "create table staging.int_flights__clocks (a int)",
        "create schema dev_ann_b_staging",
    )
    try:
        run("create table dev_ann_b_staging.int_flights__clocks (a int)")
        assert "states no key to compare rows by" in ontime("int_flights__clocks").stderr
        run("create table dev_ann_b_marts.brand_new (a int)")
        assert "production has no such model" in ontime("brand_new").stderr
    finally:
        run("drop schema staging cascade", "drop schema dev_ann_b_staging cascade")


def test_without_a_server_it_says_how_to_start_it(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTIME_STATE", str(tmp_path_factory.mktemp("no_server")))
    with pytest.raises(OntimeError) as error:
        compare(MODEL)
    assert "ontime up" in error.value.remedy


def test_a_difference_in_columns_alone_is_none_of_rows() -> None:
    same = Difference(
        model="m",
        before="marts.m",
        after="dev_a_marts.m",
        key=("k",),
        where="",
        months="",
        is_limited=False,
        columns_added={"new": "text"},
        columns_gone={},
        types_changed={},
        rows_before=1,
        rows_after=1,
        added=0,
        gone=0,
        changed=0,
        changed_by_column={},
        repeated=(0, 0),
        equal_versions=0,
        examples=(),
    )
    assert not same.is_equal
    assert "no row differs" in as_text(same)
