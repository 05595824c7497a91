"""What is named exists: models in the picture of docs/architecture.md, and pages of exposures."""

import re

import yaml

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


def test_exposures_name_pages_that_there_are() -> None:
    exposures = yaml.safe_load(PROJECT.joinpath("models", "exposures.yml").read_text())["exposures"]
    named = {exposure["name"]: exposure["config"]["meta"]["pages"] for exposure in exposures}
    assert all(named.values())
    modules = PROJECT.joinpath("cli", "site", "pages").glob("*.py")
    made = {
        f"site/{name}.html" for file in modules for name in re.findall(r'\bname="(\w+)"', file.read_text())
    }
    assert "site/index.html" in made
    for name, pages in named.items():
        assert not [page for page in pages if page not in made and not (PROJECT / page).is_file()], name
