"""Which columns a query's columns are made of, and which decide on its rows: one query for each construct."""

from collections.abc import Iterable

import pytest

from cli.development.relations import Relation
from cli.development.sql_columns import read_query

RELATIONS = {
    "t": Relation.of("t", ["a", "b", "d"], [["a"]]),
    "u": Relation.of("u", ["k", "x"], [["k"]]),
    "many": Relation.of("many", ["k", "x"]),
    "open": Relation.of("open", None),
}


def written(columns: Iterable[tuple[str, str]]) -> str:
    return " ".join(sorted(f"{relation}.{column}" for relation, column in columns))


@pytest.mark.parametrize(
    ("query", "values", "rows"),
    [
        ("select a + b as c from t", {"c": "t.a t.b"}, "t.*"),
        ("select t.* from t where d > 0", {"a": "t.a", "b": "t.b", "d": "t.d"}, "t.* t.d"),
        ("with x as (select * from t) select x.a as c from x", {"c": "t.a"}, "t.*"),
        ("with x (c) as (select b from t) select c from x", {"c": "t.b"}, "t.*"),
        ("with x as (with y as (select a from t) select * from y) select * from x", {"a": "t.a"}, "t.*"),
        ("select a from t union all select x from u", {"a": "t.a u.x"}, "t.* u.*"),
        ("select a from t union select x from u", {"a": "t.a u.x"}, "t.* t.a u.* u.x"),
        ("select b, sum(d) as c from t group by 1", {"b": "t.b", "c": "t.d"}, "t.* t.b"),
        ("select upper(b) as c, max(d) as e from t group by c", {"c": "t.b", "e": "t.d"}, "t.* t.b"),
        ("select count(*) as c from t having max(d) > 1", {"c": ""}, "t.* t.d"),
        ("select count(*) filter (where d > 0) as c from t", {"c": "t.d"}, "t.*"),
        ("select sum(a) over (partition by b order by d) as c from t", {"c": "t.a t.b t.d"}, "t.*"),
        ("select distinct b from t", {"b": "t.b"}, "t.* t.b"),
        ("select distinct on (b) a from t order by b, d", {"a": "t.a"}, "t.* t.b t.d"),
        ("select a from t order by d", {"a": "t.a"}, "t.*"),
        ("select a from t order by d limit 1", {"a": "t.a"}, "t.* t.d"),
        ("select t.a from t inner join u on u.k = t.b", {"a": "t.a"}, "t.* t.b u.* u.k"),
        ("select t.a from t inner join u using (k)", {"a": "t.a"}, "t.* u.* u.k"),
        ("select t.a, x from t cross join u", {"a": "t.a", "x": "u.x"}, "t.* u.*"),
        # whichever partner there is, the row of t is there once: what is joined is no matter of its rows
        ("select t.a from t left join u on u.k = t.b", {"a": "t.a"}, "t.*"),
        ("select t.a from t left join many on many.k = t.b", {"a": "t.a"}, "many.* many.k t.* t.b"),
        ("select t.a from t left join u on u.k = u.x", {"a": "t.a"}, "t.* u.* u.k u.x"),
        (
            "with g as (select k, max(x) as x from many group by k) select a from t left join g on g.k = t.b",
            {"a": "t.a"},
            "t.*",
        ),
        ("select a from t where exists (select 1 from u where u.k = t.b)", {"a": "t.a"}, "t.* t.b u.* u.k"),
        ("select a from t where b in (select k from u)", {"a": "t.a"}, "t.* t.b u.* u.k"),
        ("select (select max(x) from u where u.k = t.a) as c from t", {"c": "u.x"}, "t.*"),
        ("select cast(t as text) as c from t", {"c": "t.a t.b t.d"}, "t.*"),
        (
            "select g.n from t cross join lateral generate_series(1, t.a) as g (n)",
            {"n": "t.a"},
            "t.* t.a",
        ),
        ("select c from t cross join lateral (select t.b as c) as l", {"c": "t.b"}, "t.*"),
        ("select v.c from (values (1), (2)) as v (c)", {"c": ""}, ""),
        ("select p, q from (select cast(null as int), a from t) as v (p, q)", {"p": "", "q": "t.a"}, "t.*"),
        ("with x as (select * from open) select x.z from x", {"z": "open.z"}, "open.*"),
        ("with __dbt__cte__u as (select 1 as k) select x from __dbt__cte__u", {"x": "u.x"}, "u.*"),
        (
            "with recursive r as (select a, b from t union all select r.a, u.x from r join u on u.k = r.b)"
            " select * from r",
            {"a": "t.a", "b": "t.b u.x"},
            "t.* t.b u.* u.k u.x",
        ),
    ],
)
def test_values_and_rows(query: str, values: dict[str, str], rows: str) -> None:
    found, doubts = read_query(query, RELATIONS)
    assert {name: written(origin.values) for name, origin in found.columns.items()} == values
    assert (written(found.rows), doubts) == (rows, [])


def test_what_is_joined_decides_on_the_columns_that_come_of_it() -> None:
    found, _ = read_query("select t.a, u.x from t left join u on u.k = t.b", RELATIONS)
    assert written(found.columns["a"].steers) == ""
    assert written(found.columns["x"].steers) == "t.b u.* u.k"


def test_a_query_within_a_column_is_steered_by_its_conditions() -> None:
    found, _ = read_query("select (select max(x) from u where u.k = t.a) as c from t", RELATIONS)
    assert written(found.columns["c"].steers) == "t.a u.* u.k"


@pytest.mark.parametrize(
    ("query", "doubt"),
    [
        ("select z from t", "`z` is a column of nothing that it reads"),
        ("select t.z from t", "`t.z` is not among the columns that it reads"),
        ("select z from nowhere", "reads nowhere, of which the project knows nothing"),
    ],
)
def test_what_the_text_does_not_say_is_a_doubt(query: str, doubt: str) -> None:
    _, doubts = read_query(query, RELATIONS)
    assert [why for _, why in doubts] == [doubt]


def test_columns_of_an_unlisted_relation_are_handed_on() -> None:
    found, _ = read_query("select * from open", RELATIONS)
    assert (dict(found.columns), set(found.open)) == ({}, {"open"})
