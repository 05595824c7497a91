"""Tables of MariaDB and PostgreSQL, through all that happens to them: raw says what the source says."""

from pathlib import Path

import pytest

from ingestion.databases import load as loading
from ingestion.sources.databases import raw_names
from tests.databases import Database
from tests.ingestion.reading import (
    COLUMNS,
    CONFIG,
    add_aircraft,
    in_raw,
    in_source,
    ledger,
    ledger_is_exact,
    load_tables,
    make_aircraft,
    row_count,
    write_config,
)
from tests.ingestion.support import query, value

pytestmark = pytest.mark.usefixtures("fresh_database")

BOTH = ("aircraft", "aircraft_vanished")


def check(source: Database) -> None:
    """Raw and ledger are what they are to be."""
    assert in_raw() == in_source(source)
    assert ledger_is_exact(*BOTH)


def test_a_table_through_its_life(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    make_aircraft(source, 5)

    report, said = load_tables(config)
    assert (report.ok, report.rows_landed) == (True, 5), said
    check(source)

    report, said = load_tables(config)
    assert (report.ok, report.rows_landed) == (True, 0)
    assert "aircraft (changes): nothing new; 5 rows are as they were" in said
    assert len(ledger()) == 1

    # changed, new, and changed back: A, B, A
    source.do("update aircraft set seats = 7, updated_at = '2024-01-02' where tail_number = 'N1'")
    add_aircraft(source, "N9", "2024-01-02 00:00:01")
    assert load_tables(config)[0].rows_landed == 2
    check(source)
    source.do("update aircraft set seats = 100, updated_at = '2024-01-03' where tail_number = 'N1'")
    load_tables(config)
    check(source)

    source.do(
        "update aircraft set updated_at = '2024-01-01 00:01:00.5' where tail_number = 'N1'"
    )  # A to the last
    assert load_tables(config, full=True)[0].rows_landed == 1
    check(source)

    # deleted, all that is left of it is the mark; then it comes back as it was
    source.do("delete from aircraft where tail_number in ('N1', 'N2')")
    assert load_tables(config)[0].rows_landed == 2
    check(source)
    assert query("select tail_number from raw_fleet.aircraft_vanished order by 1") == [("N1",), ("N2",)]
    add_aircraft(source, "N2", "2024-01-01 00:02:00.5")
    report, said = load_tables(config)
    assert "aircraft (missing): 1 rows landed in aircraft" in said
    check(source)
    assert load_tables(config)[0].rows_landed == 0

    # late: its time is far below what was read
    add_aircraft(source, "N20", "2020-01-01")
    assert load_tables(config)[0].rows_landed == 1
    check(source)

    # emptied, which is not believed unless somebody says so
    source.do("delete from aircraft")
    report, said = load_tables(config)
    assert not report.ok
    assert "fleet/aircraft: 6 of 6 keys are gone, and that is not believed: the table looks empty" in said
    assert load_tables(config, accepts_vanished=True)[0].ok
    check(source)
    assert in_raw() == set()
    assert load_tables(config)[0].rows_landed == 0


def test_requests_of_the_ledger(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    make_aircraft(source, 3)
    load_tables(config)
    first = int(value("select max(file_no) from raw_fleet.files"))
    add_aircraft(source, "N9", "2024-01-02")
    source.do("delete from aircraft where tail_number = 'N0'")
    load_tables(config)
    until = (
        "2024-01-01%2000:02:00.500000+00:00" if source.kind == "mariadb" else "2024-01-01%2000:02:00.5+00:00"
    )
    later = (
        "2024-01-02%2000:00:00.000000+00:00" if source.kind == "mariadb" else "2024-01-02%2000:00:00+00:00"
    )
    since = "2023-12-31%2023:02:00.500000+00:00"
    assert query("select file_name, request from raw_fleet.files order by file_no") == [
        ("aircraft (whole)", f"table=aircraft&read=whole&until={until}&after=0"),
        ("aircraft (changes)", f"table=aircraft&read=changes&since={since}&until={later}&after={first}"),
        ("aircraft (vanished)", f"table=aircraft&read=vanished&after={first + 1}"),
    ]
    port = source.port
    assert (
        value("select min(location) from raw_fleet.files")
        == f"{source.kind}://127.0.0.1:{port}/fleet/aircraft"
    )


def test_a_change_within_the_window_and_one_below(source: Database, tmp_path: Path) -> None:
    """What is committed later than its time says is found for an hour; below, by a full read."""
    config = write_config(tmp_path)
    make_aircraft(source, 3)
    add_aircraft(source, "N9", "2024-01-01 02:00:00")
    load_tables(config)
    source.do("update aircraft set seats = 1, updated_at = '2024-01-01 01:00:00' where tail_number = 'N9'")
    add_aircraft(source, "N10", "2024-01-01 02:00:00")
    load_tables(config)
    check(source)
    source.do("update aircraft set seats = 2, updated_at = '2024-01-01 00:30:00' where tail_number = 'N1'")
    assert load_tables(config)[0].rows_landed == 0
    _, said = load_tables(config, full=True)
    assert "aircraft (whole): 1 rows landed in aircraft, 0 rejected, 4 unchanged" in said
    check(source)
    assert ledger()[-1] == ("aircraft", 5, 1, 0, 4)


KEYS = {
    "mariadb": [
        ("bigint unsigned", "18446744073709551614", "18446744073709551615"),
        ("varchar(9)", "'n1'", "'N2'"),
        ("varbinary(9)", "x'00ff'", "x'01'"),
        ("decimal(9, 2)", "1", "1.5"),
        ("timestamp(3)", "'2024-01-01'", "'2024-01-01 00:00:00.5'"),
        ("float", "0.1", "0.2"),
    ],
    "postgresql": [
        ("bigint", "-9223372036854775808", "9223372036854775807"),
        ("char(9)", "'n1'", "'N1'"),
        ("bytea", r"'\x00ff'", r"'\x01'"),
        ("numeric(9, 2)", "1", "1.5"),
        ("timestamptz", "'2024-01-01'", "'infinity'"),
        ("real", "0.1", "0.2"),
    ],
}


@pytest.mark.parametrize("number", range(6))
def test_late_rows_are_found_by_a_key_of_any_type(source: Database, number: int, tmp_path: Path) -> None:
    kind, first, late = KEYS[source.kind][number]
    source.do(f"create table late (id {kind} primary key, version integer not null)")
    source.do(f"insert into late values ({first}, 100)")
    config = write_config(
        tmp_path, 'name = "fleet"\n[tables.late]\nkey = ["id"]\ncursor = "version"\nvanished = "mark"\n'
    )
    load_tables(config)
    source.do(f"insert into late values ({late}, 1)")
    report, said = load_tables(config)
    assert report.rows_landed == 1, said
    assert load_tables(config)[0].rows_landed == 0
    assert row_count("late_vanished") == 0


def test_rows_without_a_time_are_always_read(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    make_aircraft(source, 2)
    source.do("update aircraft set updated_at = null where tail_number = 'N0'")
    load_tables(config)
    source.do("update aircraft set seats = 3 where tail_number = 'N0'")
    assert load_tables(config)[0].rows_landed == 1
    check(source)


def test_many_keys_that_are_lacking_make_a_whole_read(
    source: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path)
    monkeypatch.setattr(loading, "_KEYS_AT_ONCE", 2)
    make_aircraft(source, 2)
    load_tables(config)
    for number in range(10, 13):
        add_aircraft(source, f"N{number}", "2020-01-01")
    _, said = load_tables(config)
    assert "aircraft (whole): 3 rows landed" in said
    check(source)


def test_vanished_rows_can_be_kept(source: Database, tmp_path: Path) -> None:
    config = write_config(tmp_path, CONFIG.replace('"mark"', '"keep"'))
    make_aircraft(source, 3)
    load_tables(config)
    before = in_raw(gone=False)
    source.do("delete from aircraft where tail_number = 'N0'")
    assert load_tables(config, full=True)[0].rows_landed == 0
    assert in_raw(gone=False) == before
    assert row_count("aircraft_vanished") == 0


def test_a_number_as_cursor_and_a_key_of_two_columns(source: Database, tmp_path: Path) -> None:
    source.do(
        "create table parts (plane varchar(9), part bigint, note varchar(9), version bigint not null,"
        " primary key (plane, part))",
        "insert into parts values ('N1', 1, 'a', 9), ('N1', 2, '', 10), ('N2', 1, null, 100)",
    )
    config = write_config(
        tmp_path,
        'name = "fleet"\n[tables.parts]\nkey = ["plane", "part"]\n'
        'cursor = "version"\nwindow = 5\nvanished = "mark"',
    )
    load_tables(config)
    source.do(
        "update parts set note = 'b', version = 95 where plane = 'N1' and part = 1",
        "delete from parts where part = 2",
        "insert into parts values ('N2', 2, 'late', 1), ('n1', 3, 'x', 101)",
    )
    report, said = load_tables(config)
    assert report.ok, said
    found = query(
        """
        select plane, part, note, version from (
            select distinct on (plane, part) * from raw_fleet.parts order by plane, part, file_no desc
        ) as newest
        where not exists (
            select from raw_fleet.parts_vanished as gone
            where (gone.plane, gone.part) = (newest.plane, newest.part) and gone.file_no > newest.file_no
        )
        order by 1, 2
        """
    )
    assert found == [
        ("N1", "1", "b", "95"),
        ("N2", "1", None, "100"),
        ("N2", "2", "late", "1"),
        ("n1", "3", "x", "101"),
    ]
    assert load_tables(config)[0].rows_landed == 0
    assert ledger_is_exact("parts", "parts_vanished")


def test_a_table_without_key_counts_as_a_whole(source: Database, tmp_path: Path) -> None:
    source.do(
        "create table log (line varchar(20), grade integer)",
        "insert into log values ('a', 1), ('a', 1), (null, 2), ('', 3)",
    )
    config = write_config(tmp_path, 'name = "fleet"\n[tables.log]\n')
    newest = (
        "select line, grade from raw_fleet.log where file_no = (select max(file_no) from raw_fleet.files)"
    )

    def check_log() -> None:
        there = [(line, str(grade)) for line, grade in source.ask("select line, grade from log")]
        assert sorted(query(newest), key=str) == sorted(there, key=str)
        assert ledger_is_exact("log")

    assert load_tables(config)[0].rows_landed == 4
    check_log()
    assert load_tables(config)[0].rows_landed == 0
    source.do("insert into log values ('b', 4)")
    assert load_tables(config)[0].rows_landed == 5
    check_log()
    source.do("delete from log where line = 'b'")  # A, B, A
    assert load_tables(config)[0].rows_landed == 4
    check_log()
    source.do("delete from log")
    report, said = load_tables(config)
    assert (report.ok, len(ledger())) == (False, 3)
    assert "fleet/log: 4 of 4 rows are gone, and that is not believed: the table looks empty" in said
    assert load_tables(config, accepts_vanished=True)[0].ok
    check_log()
    assert ledger()[-1] == ("log", 0, 0, 0, 0)
    assert load_tables(config)[0].files[0].state == "already there"
    assert len(ledger()) == 4


def test_an_empty_table_leaves_no_trace(source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 0)
    config = write_config(tmp_path)
    report, said = load_tables(config)
    assert (report.ok, ledger()) == (True, []), said
    add_aircraft(source, "N1", "2024-01-01")
    load_tables(config)
    check(source)


def test_tables_by_name(source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 2)
    source.do("create table log (line varchar(20))", "insert into log values ('a')")
    config = write_config(tmp_path, CONFIG + "[tables.log]\n")
    report, _ = load_tables(config, "log")
    assert [file.dataset for file in report.files] == ["log"]
    report, _ = load_tables(config)
    assert report.rows_landed == 2


def test_a_name_in_the_source_that_sql_does_not_take(source: Database, tmp_path: Path) -> None:
    mark = {"mariadb": "`", "postgresql": '"'}[source.kind]

    def quoted(name: str) -> str:
        return f"{mark}{name}{mark}"

    long_one, other_long_one = (f"all_that_was_ever_measured_in_the_air_at_{end}" for end in ("dawn", "dusk"))
    source.do(
        f"create table {quoted('Fleet List')} ({quoted('Größe %')} integer, {quoted('order')} varchar(9),"
        f" {long_one} integer, {other_long_one} integer)",
        f"insert into {quoted('Fleet List')} values (1, 'x', 2, 3)",
    )
    config = write_config(
        tmp_path, 'name = "fleet"\n[tables.fleet_list]\ntable = "Fleet List"\nkey = ["Größe %"]\n'
    )
    report, said = load_tables(config)
    assert report.ok, said
    long_names = ", ".join(raw_names((long_one, other_long_one)))
    assert query(f"select grosse, column_order, {long_names} from raw_fleet.fleet_list") == [
        ("1", "x", "2", "3")
    ]
    source.do(f"drop table {quoted('Fleet List')}")


def test_columns_of_the_source_are_noted(source: Database, tmp_path: Path) -> None:
    make_aircraft(source, 1)
    load_tables(write_config(tmp_path))
    noted = value(
        "select obj_description('raw_fleet.aircraft'::regclass, 'pg_class')::json ->> 'tail_number'"
    )
    assert noted == {"mariadb": "varchar(10)", "postgresql": "character varying(10)"}[source.kind]
    query("comment on table raw_fleet.aircraft is 'Aircraft of our fleet'")
    _, said = load_tables(write_config(tmp_path))
    assert "aircraft (whole): nothing new" in said
    names = query("select json_object_keys(obj_description('raw_fleet.aircraft'::regclass)::json)")
    assert tuple(name for (name,) in names) == COLUMNS
