"""Files whose rows land in the lake alone: what stands there, in the ledger, and what builds make of it."""

import random
import signal
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from cli.building import build, raw_rows
from cli.loading.decisions import decide_on
from cli.server.connections import connection
from cli.server.files import cache_folder, lake_place
from cli.spark.lake import Landed, bring_files, raw_tables, refuse_lost_rows
from ingestion.errors import OntimeError
from ingestion.landing.lake import Lake, batches_of_lines, schema_of
from ingestion.progress import PlainProgress
from ingestion.repair import repair
from ingestion.report import LoadReport
from ingestion.source import Source
from ingestion.sources import SOURCES
from ingestion.sources.airportsdata import packaged_files as packaged_airports
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from tests import samples
from tests.ingestion.s3 import S3, s3_server
from tests.ingestion.support import SHOP, load_files, query, start_load, value, wait_until
from tests.ingestion.test_landing import ODD_VALUES
from tests.mutation.inputs import load_inputs
from tests.projects import ProjectCopy
from tests.templates import new_database

pytestmark = pytest.mark.usefixtures("fresh_database")

ITEMS = 'item,price\npen,1\n"a,b",\nink,2,3\n,""\n'
IN_ROWS = [(1, "pen", "1"), (2, "a,b", None), (4, None, "")]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.csv"
    path.write_text(ITEMS)
    return path


def rows(lake: Lake, file_no: int, table: str = "items", schema: str = "raw_shop") -> list[tuple[Any, ...]]:
    found = pyarrow.parquet.read_table(str(lake.rows_of(schema, table, file_no)), partitioning=None)
    return [tuple(row.values()) for row in found.to_pylist()]


def brought(lake: Lake) -> dict[str, set[int]]:
    """What `ontime spark land` brings of all that Postgres has rows of, without a cluster to tell."""
    landed = Landed()
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        return {
            str(table): bring_files(
                cursor, table, lake, lake.files(table.schema).get(table.name, set()), landed
            )
            for table in raw_tables(cursor)
            if table.is_by_file
        }


def lost(lake: Lake) -> str:
    """What `ontime spark land` says of rows that are in the lake alone, and are not."""
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        for table in raw_tables(cursor):
            try:
                refuse_lost_rows(cursor, table, lake, sound=set())
            except OntimeError as error:
                return f"{error.message}\n{error.remedy}"
    return ""


def mend(file_no: int, lake: Lake) -> None:
    loader = connection("loader").as_psycopg2()
    repair(SHOP, file_no, (), loader, PlainProgress(StringIO()), cache_folder(), None, lambda: lake)


def test_rows_are_in_the_lake_and_the_ledger_in_postgres(items: Path, lake: Lake) -> None:
    report, said = load_files(items, lake=lake)
    assert report.ok, said
    assert "3 rows landed in items, 1 rejected" in said
    (file_no,) = lake.files("raw_shop")["items"]
    assert rows(lake, file_no) == IN_ROWS
    assert query("select * from raw_shop.items") == query("select * from raw_shop.files") == []
    assert query("select rows_seen, rows_landed, rows_rejected from raw_shop.lake_files") == [(4, 3, 1)]
    assert query("select file_no, record_no, raw_text from raw_shop.lake_rejects") == [
        (file_no, 3, "ink,2,3")
    ]
    # a build of Postgres believes its own ledger, in which the file is not
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        assert raw_rows.damages(cursor, [SHOP], count_all=True) == []
        alone = raw_rows.in_lake_alone(cursor)
    assert str(alone) == "3 rows of 1 files are in the lake alone, for `ontime spark build`"


def test_a_build_of_postgres_does_not_take_away_what_the_cluster_published(items: Path, lake: Lake) -> None:
    load_files(items, lake=lake)
    query(
        "create table marts.audit_row_ledger (file_no integer);"
        " insert into marts.audit_row_ledger values (1);"
        " grant select on marts.audit_row_ledger to transformer"
    )
    with pytest.raises(OntimeError, match="the published marts are of the cluster, with 1 files") as failure:
        build.build([])
    assert failure.value.remedy.endswith("to publish without them: ontime build --all")


def test_a_content_is_there_once(items: Path, lake: Lake, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("word\nyes\n")
    load_files(items, lake=lake)
    load_files(other)
    _, again = load_files(items, lake=lake)
    assert again.startswith("items.csv: already there, as file 1 of items")
    assert "warning" not in again
    _, to_postgres = load_files(items)
    assert "items.csv: its rows are in the lake alone, where Spark reads them" in to_postgres
    _, to_lake = load_files(other, lake=lake)
    assert "its rows are in Postgres; `ontime spark land` brings them to the lake" in to_lake
    assert query(
        "select count(*) from raw_shop.files union all select count(*) from raw_shop.lake_files"
    ) == [
        (1,),
        (1,),
    ]


def test_two_of_one_content_at_once(items: Path, lake: Lake, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(ITEMS)
    report, _ = load_files(items, other, lake=lake)
    assert sorted(file.state for file in report.files) == ["already there", "landed"]
    load_files(tmp_path, lake=lake)  # sweeps
    assert [(table, len(files)) for table, files in lake.files("raw_shop", finished=False).items()] == [
        ("items", 1)
    ]


LEDGER_OF = "select file_id, file_no, dataset, columns, rows_seen, rows_landed, rows_rejected from {}"
REJECTS_OF = "select file_no, record_no, reason, original, raw_text from {} order by 1, 2"


def test_every_file_is_what_postgres_would_have_got(lake: Lake, tmp_path: Path) -> None:
    """Of each form, byte for byte: brought to the lake from Postgres, and landed there at once."""
    loads: list[tuple[Source, tuple[Path, ...]]] = []

    class Noting(ProjectCopy):
        def load(self, *files: Path, source: Source = NYCFLIGHTS13) -> LoadReport:
            loads.append((source, files))
            return super().load(*files, source=source)

    load_inputs(Noting(tmp_path), tmp_path)
    Noting(tmp_path).load(planes_with_faults(tmp_path / "faults.csv"))
    brought(lake)
    sources = {source.raw_schema for source, _ in loads}
    by_way_of_postgres = {schema: landed_files(lake, schema, "files", "rejects") for schema in sources}
    assert sum(len(files) for files in by_way_of_postgres.values()) > 40
    assert any(rejects for files in by_way_of_postgres.values() for _, _, rejects in files.values())

    at_once = Lake(str(tmp_path / "at_once"))
    with new_database():
        for source, files in loads:
            report, said = load_files(*files, source=source, lake=at_once)
            assert report.ok, said
        for schema in sources:
            assert landed_files(at_once, schema, "lake_files", "lake_rejects") == by_way_of_postgres[schema]


def planes_with_faults(path: Path) -> Path:
    """Empty and missing values, quotes, and records that cannot land."""
    samples.write(path, samples.packaged("planes")[:9])
    with path.open("a") as file:
        file.write('N1\n"","",,"a ""b"", c",,,"\n",,\n,,,,,,,,\n')
    return path


def landed_files(lake: Lake, schema: str, files: str, rejects: str) -> dict[str, tuple[Any, ...]]:
    """Of each content of plain files: what the ledger says, its rows, its rejects."""
    rejected: dict[int, list[Any]] = {}
    for file_no, *reject in query(REJECTS_OF.format(f"{schema}.{rejects}")):
        rejected.setdefault(file_no, []).append(
            [bytes(it) if isinstance(it, memoryview) else it for it in reject]
        )
    return {
        file_id: (told, values(lake, schema, told[0], file_no, told[1]), rejected.get(file_no))
        for file_id, file_no, *told in query(LEDGER_OF.format(f"{schema}.{files}") + " where request is null")
    }


def values(lake: Lake, schema: str, dataset: str, file_no: int, columns: str) -> list[Any]:
    """The rows of a file; columns that it does not have are missing everywhere."""
    place = str(lake.rows_of(schema, dataset, file_no))
    found = pyarrow.parquet.read_table(place, partitioning=None)
    own = ["record_no", *columns.split(",")]
    for name in found.column_names:
        assert name in own or found[name].null_count == len(found), f"{place}: {name}"
    return [found[name].to_pylist() for name in own]


def test_odd_values(lake: Lake, tmp_path: Path) -> None:
    """Several blocks of them, also longer than what becomes Parquet at once."""
    choose = random.Random(13)
    records = [[choose.choice([None, *ODD_VALUES]) for _ in range(3)] for _ in range(30_000)]
    records.append(["x" * (7 << 20), "\n" * 100_000, None])

    def field(text: str | None) -> str:
        return "" if text is None else '"' + text.replace('"', '""') + '"'

    path = tmp_path / "orders.csv"
    lines = [",".join(map(field, record)) for record in records]
    path.write_text("\n".join(["order_no,item,note", *lines, ""]), newline="")
    load_files(path, lake=lake)
    assert [list(row[1:]) for row in rows(lake, 1, "orders")] == records


def test_killed_in_the_middle_and_repeated(items: Path, lake: Lake) -> None:
    """Its rows are complete, the ledger's row is not there yet: nothing counts, and the next load sweeps."""
    load_files(items.with_name("items.csv"), lake=lake)
    items.write_text(ITEMS.replace("pen", "pin"))
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        cursor.execute("lock table raw_shop.lake_files in share mode")
        loading = start_load(items, lake=lake)
        wait_until(
            "select exists (select from pg_stat_activity"
            " where wait_event_type = 'Lock' and query ~ 'insert into .*lake_files')",
            while_running=[loading],
        )
        loading.send_signal(signal.SIGKILL)
        loading.wait()
    assert len(lake.files("raw_shop", finished=False)["items"]) == 2
    wait_until("select not exists (select from pg_stat_activity where usename = 'loader')")
    report, said = load_files(items, lake=lake)
    assert report.ok, said
    numbers = {number for (number,) in query("select file_no from raw_shop.lake_files")}
    assert lake.files("raw_shop", finished=False)["items"] == numbers
    assert [rows(lake, number)[0][1] for number in sorted(numbers)] == ["pen", "pin"]


def test_rows_that_the_lake_lost_land_again(items: Path, lake: Lake) -> None:
    load_files(items, lake=lake)
    place = lake.rows_of("raw_shop", "items", 1)
    assert lost(lake) == ""
    Path(str(place)).write_bytes(b"PAR1")
    assert "has none of 3 rows of file 1 (items.csv) of raw_shop.items" in lost(lake)
    place.write(schema_of(["item"]), [])
    place.finish()
    assert "has 0 of 3 rows of file 1" in lost(lake)
    place.remove()
    assert "has none of 3 rows of file 1" in lost(lake)
    assert "ontime load shop --repair 1" in lost(lake)
    mend(1, lake)
    assert lost(lake) == ""
    assert rows(lake, 1) == IN_ROWS
    assert value("select count(*) from raw_shop.lake_rejects") == 1
    items.write_text(ITEMS.replace("pen", "pin"))
    with pytest.raises(OntimeError, match="has another content"):
        mend(1, lake)
    assert rows(lake, 1) == IN_ROWS


def test_a_file_of_which_no_record_is_sound_leaves_nothing(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item,price\n1\n2\n")
    _, said = load_files(path, lake=lake)
    assert "none of its 2 records can land" in said
    assert lake.files("raw_shop", finished=False) == {}
    assert query("select * from raw_shop.lake_files") == []


def test_a_folder_that_cannot_be_written(items: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OntimeError, match=f"the lake {tmp_path}/taken cannot be ") as failure:
        load_files(items, lake=Lake(str(tmp_path / "taken")))
    assert "ONTIME_LAKE" in failure.value.remedy
    assert query("select * from raw_shop.lake_files") == []


def test_the_lake_of_another_database(items: Path, lake: Lake) -> None:
    """Where numbers of files are the same, and what its ledger names is in no ledger here."""
    load_files(items, lake=lake)
    with new_database(), pytest.raises(OntimeError, match="belongs to another database"):
        load_files(items, lake=lake)
    assert rows(lake, 1) == IN_ROWS


def test_a_full_disk(lake: Lake) -> None:
    place = lake.rows_of("raw_shop", "items", 7)
    folder = Path(str(place)).parent
    folder.mkdir(parents=True)
    (folder / "_rows.parquet").symlink_to("/dev/full")
    lines = iter([b"".join(b"%d,%d,7\n" % (number, number) for number in range(1, 500_000)), b""])
    with pytest.raises(OntimeError, match="cannot be written: No space left on device"):
        place.write(schema_of(["item"]), batches_of_lines(lambda: next(lines), ["item"]))


@pytest.mark.parametrize("place", ["gs://bucket/lake", "s3://", "s3://user:secret@bucket/lake"])
def test_a_place_that_is_none(place: str) -> None:
    with pytest.raises(OntimeError, match="neither a folder nor in a bucket of S3") as failure:
        Lake(place)
    assert "secret" not in failure.value.message
    assert failure.value.remedy == "for example: ONTIME_LAKE=s3://bucket/lake"


def test_the_place_is_named_by_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTIME_STATE", str(tmp_path))
    assert lake_place() == str(tmp_path / "spark" / "lake")
    monkeypatch.setenv("ONTIME_LAKE", "s3://bucket/lake")
    assert Lake(lake_place()).uri("raw_bts", "dataexpo") == "s3a://bucket/lake/raw_bts/dataexpo"


def test_a_decision_on_a_file_of_the_lake(items: Path, lake: Lake) -> None:
    load_files(packaged_airports()[0], source=SOURCES["airportsdata"], lake=lake)
    decide_on(1, "reject", "a try")
    assert query("select file_no, verdict from raw.decisions") == [(1, "reject")]


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3_server() as running:
        running.put("warehouse/here", b"")
        yield running


@pytest.fixture
def s3(server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    for name, text in server.environment.items():
        monkeypatch.setenv(name, text)
    return server


def test_in_a_bucket(items: Path, s3: S3) -> None:
    lake = Lake("s3://warehouse/lake")
    lake.rows_of("raw_shop", "items", 99).write(schema_of(["item"]), [])
    with s3.checks_credentials():
        report, said = load_files(items, lake=lake)
    assert report.ok, said
    assert lake.files("raw_shop", finished=False) == {"items": {1}}, "what no ledger names is swept"
    assert lake.rows_of("raw_shop", "items", 1).count() == 3
    lake.rows_of("raw_shop", "items", 1).remove()
    mend(1, lake)
    assert lake.rows_of("raw_shop", "items", 1).count() == 3


def test_a_bucket_that_does_not_exist(items: Path, s3: S3) -> None:
    with pytest.raises(OntimeError, match="s3://nowhere/lake: does not exist"):
        load_files(items, lake=Lake("s3://nowhere/lake"))
    assert query("select * from raw_shop.lake_files") == []


def test_a_bucket_that_cannot_be_reached(items: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(OntimeError, match="s3://warehouse/lake: cannot be read: "):
        load_files(items, lake=Lake("s3://warehouse/lake"))
    assert query("select * from raw_shop.lake_files") == []
