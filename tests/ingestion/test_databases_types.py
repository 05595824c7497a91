"""Exact texts: what each type of MariaDB and PostgreSQL says in raw."""

from pathlib import Path

import pytest

from tests.databases import Database
from tests.ingestion.reading import TIMES, ledger, load_tables, write_config
from tests.ingestion.support import query

pytestmark = pytest.mark.usefixtures("fresh_database")

ALL = 'name = "fleet"\n[tables.things]\nkey = ["id"]\n'

LONG = {"mariadb": "varchar(20)", "postgresql": "text"}
BAD = {"mariadb": r"'b\0c'", "postgresql": "repeat('x', 9 * 1024 * 1024)"}
"""What cannot land: a NUL, which PostgreSQL does not have, and what is too long."""

Cases = list[tuple[str, str, str | None]]
"""Type of a column, a value as SQL, and its text in raw."""

MARIADB: Cases = [
    ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    ("bigint", "-9223372036854775808", "-9223372036854775808"),
    ("integer(6) zerofill", "42", "000042"),
    ("boolean", "true", "1"),
    ("decimal(40, 10)", "123456789012345678901234567890.5", "123456789012345678901234567890.5000000000"),
    ("double", "0.1e0 + 0.2e0", "0.30000000000000004"),
    ("double", "1.7976931348623157e308", "1.7976931348623157e308"),
    ("double", "5e-324", "5e-324"),
    ("float", "16777216", "16777216"),
    ("float", "0.1", "0.10000000149011612"),  # the same number; as MySQL shows floats it would be another
    ("bit(8)", "b'101'", "00000101"),
    ("bit(64)", "b'1'", "0" * 63 + "1"),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("date", "'2024-02-00'", "2024-02-00"),
    ("datetime(6)", "'0000-00-00'", "0000-00-00 00:00:00.000000"),
    ("datetime", "'9999-12-31 23:59:59'", "9999-12-31 23:59:59"),
    ("timestamp(3) null", "'2024-07-01 12:00:00.5'", "2024-07-01 12:00:00.500+00:00"),
    ("timestamp null", "0", "0000-00-00 00:00:00"),
    ("time(2)", "'-838:59:59'", "-838:59:59.00"),
    ("year", "1999", "1999"),
    ("char(5)", "'ab  '", "ab"),  # the server does not keep blanks at the end of char
    ("varchar(5)", "'ab  '", "ab  "),
    ("varchar(20)", "''", ""),
    ("varchar(20)", "null", None),
    ("varchar(20)", "'NA'", "NA"),
    ("varchar(20)", r"'a\\b\"c,\r\n'", 'a\\b"c,\r\n'),
    ("varchar(20) character set latin1", "'Größe€'", "Größe€"),
    ("varchar(20) character set utf8mb4", "'😀 ñ'", "😀 ñ"),
    ("text character set utf16", "'Ω'", "Ω"),
    ("varbinary(8)", "x'00ff0a'", r"\x00ff0a"),
    ("binary(4)", "'ab'", r"\x61620000"),
    ("longblob", "''", r"\x"),
    ("json", """'{"a":  1.0}'""", '{"a":  1.0}'),
    ("enum('a', 'b')", "'b'", "b"),
    ("set('x', 'y')", "'y,x'", "x,y"),
    ("uuid", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"),
    ("inet6", "'::ff'", "::ff"),
    ("point", "point(1, 2)", r"\x000000000101000000000000000000f03f0000000000000040"),
]

POSTGRESQL: Cases = [
    ("bigint", "-9223372036854775808", "-9223372036854775808"),
    ("numeric(40, 10)", "123456789012345678901234567890.5", "123456789012345678901234567890.5000000000"),
    ("numeric", "'NaN'", "NaN"),
    ("numeric", "18446744073709551615", "18446744073709551615"),
    ("double precision", "0.1::float8 + 0.2", "0.30000000000000004"),
    ("double precision", "'-infinity'", "-Infinity"),
    ("real", "0.1", "0.1"),
    ("boolean", "true", "true"),
    ("bit(3)", "b'101'", "101"),
    ("date", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("timestamptz", "'2024-07-01 12:00:00.5 Europe/Berlin'", "2024-07-01 10:00:00.5+00:00"),
    ("timestamptz", "'infinity'", "infinity"),
    ("timestamptz", "'0044-03-15 00:00:00+00 BC'", "0044-03-15 00:00:00+00:00 BC"),
    ("moment", "'2024-01-01 00:00:00+02'", "2023-12-31 22:00:00+00:00"),  # a domain of timestamptz
    ("timestamp(3)", "'2024-07-01 12:00:00.123456'", "2024-07-01 12:00:00.123"),
    ("time", "'24:00:00'", "24:00:00"),
    ("timetz", "'12:00:00+02'", "12:00:00+02"),
    ("interval", "'1 day 02:00:00.5'", "1 day 02:00:00.5"),
    ("char(5)", "'ab'", "ab"),  # blanks at the end of char are no part of the value
    ("varchar(5)", "'ab  '", "ab  "),
    ("text", "''", ""),
    ("text", "null", None),
    ("text", "'NULL'", "NULL"),
    ("text", "E'a\\\\b\"c,\\r\\n'", 'a\\b"c,\r\n'),
    ("text", "'😀 ñ €'", "😀 ñ €"),
    ("bytea", r"'\x00ff0a'", r"\x00ff0a"),
    ("json", """'{"a":  1.0}'""", '{"a":  1.0}'),
    ("jsonb", """'{"a":  1.0}'""", '{"a": 1.0}'),
    ("integer[]", "'{1,null,3}'", "{1,NULL,3}"),
    ("text[]", """'{"a,b","NULL",null,""}'""", '{"a,b","NULL",NULL,""}'),
    ("uuid", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"),
    ("money", "'1000.5'", "$1,000.50"),
    ("inet", "'::ff/64'", "::ff/64"),
    ("int4range", "'[1,5)'", "[1,5)"),
    ("point", "'(1,2)'", "(1,2)"),
]


def test_every_type_as_exact_text(source: Database, tmp_path: Path) -> None:
    cases = {"mariadb": MARIADB, "postgresql": POSTGRESQL}[source.kind]
    if source.kind == "postgresql":
        source.do("drop domain if exists moment", "create domain moment as timestamptz")
    columns = ", ".join(f"c{number} {kind}" for number, (kind, _, _) in enumerate(cases))
    values = ", ".join(sql for _, sql, _ in cases)
    source.do(f"create table things (id integer primary key, {columns})")
    source.do(f"insert into things values (1, {values})")
    report, said = load_tables(write_config(tmp_path, ALL))
    assert report.ok, said
    (row,) = query(f"select {', '.join(f'c{number}' for number in range(len(cases)))} from raw_fleet.things")
    wrong = [
        (kind, sql, text, found) for (kind, sql, text), found in zip(cases, row, strict=True) if found != text
    ]
    assert not wrong
    assert load_tables(write_config(tmp_path, ALL))[0].rows_landed == 0


def test_a_moment_is_in_utc_whatever_the_zone_of_the_server(source: Database, tmp_path: Path) -> None:
    kind = {"mariadb": "timestamp null", "postgresql": "timestamptz"}[source.kind]
    source.do(f"create table things (id integer primary key, at {kind})")
    zone = {"mariadb": "set time_zone = '-05:00'", "postgresql": "set time zone '-05:00'"}[source.kind]
    with source.admin.begin() as connection:
        connection.exec_driver_sql(zone)
        noon = "'2024-01-01 12:00:00'" + {"mariadb": "", "postgresql": "::timestamp"}[source.kind]
        connection.exec_driver_sql(f"insert into things values (1, {noon})")
    defaults = {
        "mariadb": ("set global time_zone = '+09:00'", "set global time_zone = '+00:00'"),
        "postgresql": (
            "alter database fleet set time zone 'Asia/Tokyo'",
            "alter database fleet reset time zone",
        ),
    }[source.kind]
    source.do(defaults[0])
    try:
        report, said = load_tables(write_config(tmp_path, ALL))
    finally:
        source.do(defaults[1])
    assert report.ok, said
    hour = {"mariadb": "17", "postgresql": "07"}[source.kind]  # PostgreSQL's -05:00 is east, as POSIX has it
    assert query("select at from raw_fleet.things") == [(f"2024-01-01 {hour}:00:00+00:00",)]


def test_a_nul_in_a_text_is_rejected_once(source: Database, tmp_path: Path) -> None:
    """PostgreSQL has none. The same reject is no news, another one is."""
    if source.kind == "postgresql":
        with pytest.raises(Exception, match=r"invalid byte sequence|null character"):
            source.do(r"select E'\x00'")
        return
    source.do("create table things (id integer primary key, name varchar(20))")
    source.do(r"insert into things values (1, 'a'), (2, 'b\0c'), (3, 'd')")
    config = write_config(tmp_path, ALL + 'vanished = "mark"\n')
    load_tables(config)
    assert query("select id, name from raw_fleet.things order by id") == [("1", "a"), ("3", "d")]
    rejected = query("select record_no, reason, raw_text from raw_fleet.rejects")
    assert rejected == [(2, "NUL byte", r'"2","b\x00c",')]
    assert ledger() == [("things", 3, 2, 1, 0)]

    _, said = load_tables(config)
    assert "nothing new; 3 rows are as they were" in said
    assert "warning: things (whole): 1 rows cannot land, as before" in said
    assert len(ledger()) == 1
    source.do(r"update things set name = 'e\0f' where id = 2")
    load_tables(config)
    assert ledger()[1:] == [("things", 3, 0, 1, 2)]
    source.do("update things set name = 'g' where id = 2")
    load_tables(config)
    assert query("select id, name from raw_fleet.things order by id") == [("1", "a"), ("2", "g"), ("3", "d")]


@pytest.mark.parametrize("full", [False, True])
def test_a_sound_row_that_gets_a_nul_stays_told(source: Database, full: bool, tmp_path: Path) -> None:
    """With a cursor, the row is soon below the window: it is read by its key as long as it cannot land.

    PostgreSQL has no NUL, but rows that are too long.
    """
    times = TIMES[source.kind]
    source.do(f"create table things (id integer primary key, name {LONG[source.kind]}, updated_at {times})")
    source.do(*(f"insert into things values ({key}, 'a', '2024-01-0{key}')" for key in range(1, 7)))
    config = write_config(tmp_path, ALL + 'cursor = "updated_at"\nvanished = "mark"\n')
    assert load_tables(config)[0].rows_landed == 6
    source.do(f"update things set name = {BAD[source.kind]}, updated_at = '2024-01-07' where id = 2")
    report, said = load_tables(config)
    assert (report.rows_landed, report.rows_rejected) == (0, 1), said
    source.do("update things set name = 'b', updated_at = '2024-01-31' where id = 6")
    load_tables(config)
    for _ in range(2):
        report, said = load_tables(config, full=full)
        assert report.ok
        assert f"things ({'whole' if full else 'changes'}): 1 rows cannot land, as before" in said
    assert query("select count(*) from raw_fleet.things_vanished") == [(0,)]
    # what it said last still counts, and what it says next will
    newest = "select name from raw_fleet.things where id = '2' order by file_no desc limit 1"
    assert query(newest) == [("a",)]
    source.do("update things set name = 'c', updated_at = '2024-02-01' where id = 2")
    _, said = load_tables(config)
    assert query(newest) == [("c",)]
    assert "cannot land" not in said
