"""Which warehouse a task's command works on, and what else its environment holds."""

from pathlib import Path
from typing import Any

import pytest

from tests.airflow.environment import in_airflow

ASK = """
import json
from pathlib import Path
from orchestration.airflow.command import environment
from orchestration.airflow.marts import mart

print(json.dumps({"environment": environment(Path("results")), "uri": mart("fct_flights").uri}))
"""


def asked(home: Path, **connections: str) -> dict[str, Any]:
    return dict(in_airflow(home, ASK, connections=connections))


def test_a_connection_names_the_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere.example.org")
    found = asked(tmp_path, ONTIME_WAREHOUSE="postgres://ana:s%40cret@db.example.org:6432/flights")
    assert {name: value for name, value in found["environment"].items() if name.startswith("PG")} == {
        "PGHOST": "db.example.org",
        "PGPORT": "6432",
        "PGUSER": "ana",
        "PGPASSWORD": "s@cret",
        "PGDATABASE": "flights",
    }
    assert found["uri"] == "postgres://db.example.org:6432/flights/marts/fct_flights"


def test_without_one_it_is_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.org")
    monkeypatch.setenv("PGDATABASE", "flights")
    found = asked(tmp_path)
    assert found["environment"]["PGHOST"] == "db.example.org"
    assert found["uri"] == "postgres://db.example.org:5432/flights/marts/fct_flights"


def test_commands_see_nothing_of_airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.org")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    monkeypatch.setenv("SOURCES__FLEET__CREDENTIALS", "of a source")
    found = asked(tmp_path, ONTIME_ALERTS="https://chat.example.org/secret")["environment"]
    assert not [name for name in found if "AIRFLOW" in name]
    assert found["SOURCES__FLEET__CREDENTIALS"] == "of a source"
    assert found["ONTIME_RUN_RESULTS"] == "results"
