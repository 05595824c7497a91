"""docs/architecture.md: the picture shows models that there are."""

import re

from tests.projects import PROJECT

PAGE = PROJECT / "docs" / "architecture.md"
# with two underscores anything, with one what begins as marts do
NAME = re.compile(r"\b(?:[a-z]\w*__\w+|(?:dim|fct|agg|kpi|audit)_\w+|int_\w+)\b")
SCHEMAS = {"marts__build"}


def test_what_the_picture_shows_exists() -> None:
    shown = set(NAME.findall(PAGE.read_text()))
    models = {path.stem for path in PROJECT.joinpath("models").rglob("*.sql")}
    assert shown - models - SCHEMAS == set()
    assert {"int_flights__records", "fct_flights"} <= shown
