"""Mistakes in a file that declares a database: each message names the entry."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from ingestion.databases import cursor
from ingestion.databases.credentials import address_of
from ingestion.databases.dialects import Column
from ingestion.databases.load import load_database
from ingestion.databases.rows_as_csv import write_csv
from ingestion.databases.server import Server
from ingestion.errors import OntimeError
from ingestion.progress import PlainProgress
from ingestion.sources import DATABASES, SOURCES, TAKEN
from ingestion.sources.databases import read_config
from tests.databases import mariadb
from tests.ingestion.support import PROJECT

TABLE = 'name = "fleet"\n[tables.aircraft]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r'a name is missing, such as: name = "fleet"'),
        ("name = fleet", r"is no TOML: Invalid value \(at line 1"),
        ('name = "Fleet"\n[tables.a]', "'Fleet' is not a lower-case name"),
        ('name = "fleet"', r"tables are missing, such as: \[tables.aircraft\]"),
        ('name = "fleet"\ntables = ["aircraft"]', "tables are missing"),
        ('name = "fleet"\n[tables]\naircraft = 1', "tables.aircraft: is no table of entries"),
        (
            'name = "fleet"\nhost = "db"\n[tables.a]',
            "the file: 'host' is not known here; there are name, tables",
        ),
        ('name = "fleet"\n[tables.files]', "files is a name that landing itself needs"),
        ('name = "fleet"\n[tables.Aircraft]', "'Aircraft' is not a lower-case name"),
        (
            TABLE + 'colums = ["a"]',
            "tables.aircraft: 'colums' is not known here; there are table, schema, columns",
        ),
        (TABLE + "columns = []", r"tables.aircraft: columns is \[\], where a list is expected"),
        (TABLE + 'columns = ["a", "a"]', "tables.aircraft: columns names a column twice: a, a"),
        (TABLE + 'columns = ["a b", "a_b"]', "the columns 'a b' and 'a_b' would both become a_b"),
        (TABLE + 'key = "a"', "tables.aircraft: key is 'a', where a list is expected"),
        (
            TABLE + 'columns = ["a"]\nkey = ["b"]',
            "tables.aircraft: 'b' is key or cursor, but not among the columns",
        ),
        (TABLE + 'cursor = "a"', "tables.aircraft: cursor needs a key"),
        (TABLE + 'vanished = "mark"', 'tables.aircraft: vanished = "mark" needs a key'),
        (
            TABLE + 'key = ["a"]\nvanished = "drop"',
            'tables.aircraft: vanished is \'drop\', where "mark" or "keep"',
        ),
        (TABLE + 'key = ["a"]\nwindow = "1 day"', "tables.aircraft: window needs a cursor"),
        (
            TABLE + 'key = ["a"]\ncursor = "b"\nwindow = "1 fortnight"',
            "window is '1 fortnight', where \"2 days\"",
        ),
        (TABLE + 'key = ["a"]\ncursor = "b"\nwindow = -1', 'window is -1, where "2 days"'),
        (
            TABLE + 'key = ["a"]\nvanished = "mark"\n[tables.aircraft_vanished]',
            "declared twice among aircraft, aircraft_vanished, aircraft_vanished",
        ),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    with pytest.raises(OntimeError, match=message) as raised:
        read_config(path)
    assert raised.value.message.startswith(str(path))


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_the_name_of_another_source(name: str, tmp_path: Path) -> None:
    """Its schema and its ledger would be shared: `ontime load nws` then fell over the reads of a table."""
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "{name}"\n[tables.aircraft]\n')
    with pytest.raises(OntimeError, match=f'mine.toml: name = "{name}" is taken: raw_{name} is of another'):
        load_database(path, {}, PlainProgress(StringIO()))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "postgresql"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("nonsense=1", "the address has an option that its driver does not know: nonsense"),
        ("connect_timeout=soon", "fleet: "),
        (
            "password=hush-hush&nonsense=1",
            "the address has an option that its driver does not know: nonsense",
        ),
    ],
)
def test_an_option_of_an_address_that_does_not_hold(scheme: str, option: str, message: str) -> None:
    """Nobody listens there: drivers look at options before."""
    address = sa.make_url(f"{scheme}://me:my-word@127.0.0.1:9/fleet?{option}")
    with pytest.raises(OntimeError, match=message) as raised, Server("fleet", address) as server:
        server.check_login()
    assert not [secret for secret in ("hush-hush", "my-word") if secret in str(raised.value.args)]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match=r"none.toml: No such file"):
        read_config(tmp_path / "none.toml")


def test_the_example_is_a_source() -> None:
    assert [database.name for database in DATABASES] == ["fleet"]
    assert SOURCES["fleet"] == DATABASES[0].source
    assert [dataset.name for dataset in SOURCES["fleet"].datasets] == ["aircraft", "aircraft_vanished"]


@pytest.mark.parametrize(
    ("until", "kind", "window", "expected"),
    [
        ("18446744073709551615", "bigint", 5, "18446744073709551610"),
        ("7", "int4", None, "7"),
        ("2024-01-01", "date", timedelta(hours=1), "2023-12-31"),
        ("2024-01-01 00:00:00", "datetime", timedelta(days=1), "2023-12-31 00:00:00"),
        (
            "2024-01-01 00:00:00.5+00:00",
            "timestamptz",
            timedelta(seconds=1),
            "2023-12-31 23:59:59.500000+00:00",
        ),
        ("0001-01-01", "date", timedelta(days=1), "None"),
        ("0000-00-00", "date", None, "None"),
        ("infinity", "timestamptz", None, "None"),
        ("0044-03-15 00:00:00+00:00 BC", "timestamptz", None, "None"),
    ],
)
def test_where_a_read_of_changes_begins(
    until: str, kind: str, window: timedelta | None, expected: str
) -> None:
    assert str(cursor.start(until, Column("at", kind, kind), window)) == expected


@pytest.mark.parametrize("address", [None, "nonsense with hush in it", "oracle://me:hush@db/fleet"])
def test_no_address_to_log_in_with(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCES__FLEET__CREDENTIALS", raising=False)
    if address is not None:
        monkeypatch.setenv("SOURCES__FLEET__CREDENTIALS", address)
    with pytest.raises(OntimeError) as raised:
        address_of("fleet")
    assert "hush" not in raised.value.message + raised.value.remedy
    assert "SOURCES__FLEET__CREDENTIALS" in raised.value.remedy


def test_an_address_in_the_file_of_secrets(tmp_path: Path) -> None:
    """dlt looks for it once in a process, hence another one."""
    secrets = tmp_path / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    example = (PROJECT / ".dlt" / "secrets.example.toml").read_text()
    secrets.write_text(example.replace("reader:password@", "reader:a%2Fb@"))
    program = """if True:
        import sys, pathlib
        from ingestion.databases import credentials
        credentials.PROJECT = pathlib.Path(sys.argv[1])
        print(credentials.address_of("fleet").password)
    """
    environment = {name: text for name, text in os.environ.items() if not name.startswith("SOURCES__")}
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "a/b\n", run.stderr


def test_the_file_of_secrets_is_ignored_by_git() -> None:
    assert "/.dlt/secrets.toml" in (PROJECT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_mariadb_tests_skip_but_not_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_named: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install mariadb-server"), mariadb():
        pass


def test_no_room_for_what_is_read() -> None:
    with pytest.raises(OntimeError, match=r"/dev: no room for what is read: No space left on device"):
        write_csv([pa.table({"a": ["x" * 100_000]})], ("a",), Path("/dev/full"))
