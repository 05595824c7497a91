"""What `ontime build` does in dbt's place gives what dbt gives."""

import pytest
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.compilation import inject_ctes_into_sql

from cli.building.lighter_dbt import with_ctes_before

CTES = [
    InjectedCTE(id="one", sql=" __dbt__cte__one as (\nselect 1\n)"),
    InjectedCTE(id="two", sql=" __dbt__cte__two as (\nselect 2\n)"),
]


@pytest.mark.parametrize(
    "sql",
    [
        "with a as (select 1) select * from a",
        "\n\n-- with a comment\nWITH\n\na as (select 1) select * from a",
        "/* of two\nlines */ with recursive a as (select 1) select * from a",
        "select 'with' as first_word",
        "-- with\nselect withdrawn from withdrawals",
        "(with a as (select 1) select * from a) union all select 2",
    ],
)
def test_ctes_are_added_where_dbt_adds_them(sql: str) -> None:
    """Of a part in parentheses the `with` is its own."""
    assert with_ctes_before(sql, CTES).split() == inject_ctes_into_sql(sql, CTES).split()
    assert with_ctes_before(sql, []) == sql
