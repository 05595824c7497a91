"""What dbt will drop one day stops the parse today (dbt_project.yml), so that the project opens in dbt 2."""

from pathlib import Path

import pytest
from dbt.jsonschemas import jsonschemas

from cli.server.process import Server
from tests.projects import ProjectCopy, copy_project

AIRLINES = "models/staging/nycflights13/stg_nycflights13__airlines.yml"


@pytest.fixture
def project(warehouse_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectCopy:
    """A copy. dbt 1.11 holds YAML against the schema of dbt 2 for four adapters; here for Postgres too."""
    monkeypatch.setattr(jsonschemas, "_JSONSCHEMA_SUPPORTED_ADAPTERS", {"postgres"})
    return copy_project(tmp_path, with_tests=True, with_unit_tests=True, parsed_for=None)


@pytest.mark.parametrize(
    ("old", "new", "deprecation"),
    [
        pytest.param(
            "    data_tests:\n",
            "    owner_of_this: nobody\n    data_tests:\n",
            "CustomKeyInObjectDeprecation",
            id="unknown key",
        ),
        pytest.param(
            "{arguments: {columns: [file_no, record_no]}}",
            "{columns: [file_no, record_no]}",
            "MissingArgumentsPropertyInGenericTestDeprecation",
            id="arguments of a test outside `arguments`",
        ),
    ],
)
def test_a_deprecated_construct_stops_the_parse(
    project: ProjectCopy, old: str, new: str, deprecation: str
) -> None:
    project.edit(AIRLINES, old, new)
    parsed = project.dbt("parse")
    assert parsed.code != 0
    assert deprecation in parsed.said


def test_the_project_itself_uses_none(project: ProjectCopy) -> None:
    parsed = project.dbt("parse", "--show-all-deprecations")
    assert parsed.code == 0, parsed.said
    assert "Deprecat" not in parsed.said
