"""Rows that were tried beside production's: what differs, and what is only written otherwise."""

from collections.abc import Iterator

import pytest

from cli.development.preview.sessions import trying
from cli.development.preview.trial_sql import SETTINGS, Compared, Side, compared


@pytest.fixture
def cursor(database: str) -> Iterator[object]:
    with trying() as opened, opened.cursor() as cursor:
        cursor.execute(SETTINGS.format(seconds=60))
        cursor.execute(f"create temporary table was as {of()}")
        yield cursor


def of(rows: str = "(1, 'a', 0.3::float8), (2, 'b', null)", columns: str = "*", where: str = "true") -> str:
    return f"select {columns} from (values {rows}) as t (n, word, share) where {where}"


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        (of(), Compared(2, 2, (), is_other=False)),
        (of("(1, 'a', 0.1::float8 + 0.2::float8), (2, 'b', null)"), Compared(2, 2, (), is_other=False)),
        (of("(1, 'a', 0.31::float8), (2, 'b', null)"), Compared(2, 2, ("share",), is_other=True)),
        # each column has the values that it had, and no row is the same
        (of("(2, 'a', 0.3::float8), (1, 'b', null)"), Compared(2, 2, (), is_other=True)),
        (of(where="n = 1"), Compared(2, 1, ("n", "word"), is_other=True)),
        (of(columns="n::bigint, word, share, 1 as more"), Compared(2, 2, ("n", "more"), is_other=True)),
        (of(columns="n, share"), Compared(2, 2, ("word",), is_other=True)),
        # ids of versions are made of code
        (of(columns="*, 7 as version_id"), Compared(2, 2, (), is_other=False)),
    ],
)
def test_what_differs(cursor: object, tried: str, said: Compared) -> None:
    cursor.execute(f"create temporary table now as {tried}")  # type: ignore[attr-defined]
    assert compared(cursor, Side.of(cursor, "pg_temp.was"), Side.of(cursor, "pg_temp.now")) == said
