"""Raw rows that are missing are noticed by a build, and land anew by their file's number."""

import zipfile
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from cli.building import build, raw_rows
from cli.server.connections import connection
from cli.server.files import cache_folder
from ingestion.errors import OntimeError
from ingestion.progress import PlainProgress
from ingestion.repair import repair
from ingestion.source import Source
from ingestion.sources import SOURCES
from ingestion.sources.files import FILES
from tests import samples
from tests.ingestion.support import SHOP, load_files, query, value, wait_until

pytestmark = pytest.mark.usefixtures("fresh_database")

ITEMS = "item,price\npen,1\nink,2\ncap,3,4\n"
ROWS = "select * from raw_shop.items order by record_no"
REJECTS = "select file_no, record_no, reason from raw_shop.rejects"


def damages(*sources: Source, count_all: bool = False) -> list[str]:
    """What a build finds, and notes."""
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        return [str(found) for found in raw_rows.damages(cursor, sources, count_all)]


def mend(file_no: int, *places: Path, source: Source = SHOP, encoding: str | None = None) -> str:
    said = StringIO()
    loader = connection("loader").as_psycopg2()
    repair(source, file_no, places, loader, PlainProgress(said), cache_folder(), encoding)
    return said.getvalue()


def by_hand(statement: str) -> None:
    """Postgres tells of what a session deleted within a second of its end."""
    query(statement)
    wait_until("select sum(n_tup_del + n_tup_upd) > 0 from pg_stat_user_tables where schemaname ~ '^raw_'")


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.csv"
    path.write_text(ITEMS)
    return path


def test_missing_rows_and_rejects_are_noticed_and_land_anew(items: Path) -> None:
    load_files(items)
    before = query(ROWS), query(REJECTS), query("select * from raw_shop.files")
    assert len(before[0]) == 2
    assert damages(SHOP) == []
    by_hand("delete from raw_shop.items where item = 'ink'; delete from raw_shop.rejects")
    assert damages(SHOP) == [
        "raw_shop.items has 1 of 2 rows of file 1 (items.csv)",
        "raw_shop.rejects has 0 of 1 rows of file 1 (items.csv)",
    ]
    assert damages(SHOP) != [], "until it is mended"
    assert "2 rows landed in items, 1 rejected" in mend(1)
    assert (query(ROWS), query(REJECTS), query("select * from raw_shop.files")) == before
    assert damages(SHOP) == []


@pytest.mark.parametrize(
    "how",
    [
        "truncate raw_shop.items",
        "drop table raw_shop.items",
        "insert into raw_shop.items select * from raw_shop.items",
    ],
    ids=["emptied", "dropped", "doubled"],
)
def test_a_table_that_is_not_what_it_was(items: Path, how: str) -> None:
    """Rows that somebody adds are not counted by Postgres as a change: --all looks at all."""
    load_files(items)
    assert damages(SHOP) == []
    query(how)
    assert len(damages(SHOP, count_all=True)) == 1
    if not how.startswith("insert"):
        assert len(damages(SHOP)) == 1


def test_only_tables_that_were_touched_are_counted(items: Path) -> None:
    load_files(items)
    assert damages(SHOP) == []
    query("update raw_shop.files set rows_seen = 9, rows_landed = 8")
    assert damages(SHOP) == []
    assert damages(SHOP, count_all=True) == ["raw_shop.items has 2 of 8 rows of file 1 (items.csv)"]


def test_the_content_is_looked_for_where_it_came_from(items: Path, tmp_path: Path) -> None:
    load_files(items)
    query("delete from raw_shop.items")
    items.write_text(ITEMS.replace("pen", "pin"))
    with pytest.raises(OntimeError, match=r"items\.csv: has another content") as failure:
        mend(1)
    assert failure.value.remedy == "name a place that has it: ontime load shop --repair 1 --from PLACE"
    items.unlink()
    with pytest.raises(OntimeError, match="does not exist"):
        mend(1)
    archive = tmp_path / "moved.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("other.csv", "item,price\n")
        packed.writestr("here.csv", ITEMS)
    mend(1, archive)
    assert value("select count(*) from raw_shop.items") == 2
    assert query("select file_name, location from raw_shop.files") == [("items.csv", str(items))]


def test_members_of_archives_and_names_with_a_mark(tmp_path: Path) -> None:
    archive = tmp_path / "now!.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("items.csv", ITEMS)
        packed.writestr("words.csv", "word\nyes\n")
    load_files(archive)
    (file_no,) = (
        number for number, name in query("select file_no, dataset from raw_shop.files") if name == "words"
    )
    query("delete from raw_shop.words")
    mend(file_no)
    assert query("select file_no, word from raw_shop.words") == [(file_no, "yes")]
    assert value("select count(*) from raw_shop.items") == 2


def test_a_table_of_any_kind(tmp_path: Path) -> None:
    visits = tmp_path / "visits.jsonl"
    visits.write_text('{"who": "me", "when": 1}\n{"who": "you", "when": 2}\n')
    load_files(visits, source=FILES)
    query("delete from raw_files.visits where record_no = 1")
    assert damages(FILES) == ["raw_files.visits has 1 of 2 rows of file 1 (visits.jsonl)"]
    mend(1, source=FILES)
    assert damages(FILES) == []


def test_a_file_is_read_in_its_encoding(tmp_path: Path) -> None:
    """In that of the ledger; in another one only where an older ledger knows none."""
    items = tmp_path / "items.csv"
    items.write_bytes("item,price\nящик,1\n".encode("cp1251"))
    load_files(items, encoding="windows-1251")
    landed = query(ROWS)
    query("delete from raw_shop.items")
    for encoding in (None, "cp1251"):
        mend(1, encoding=encoding)
        assert query(ROWS) == landed
    with pytest.raises(OntimeError, match="was read as cp1251, and is repaired so") as refused:
        mend(1, encoding="cp1252")
    assert refused.value.remedy.endswith(f"ontime load shop --from {items} --encoding cp1252")
    query("update raw_shop.files set encoding = null")
    mend(1)
    assert query(ROWS) != landed
    mend(1, encoding="cp1251")
    assert query(ROWS) == landed


@pytest.mark.parametrize("said", ["utf-16", None])
def test_a_text_of_two_bytes_a_character(tmp_path: Path, said: str | None) -> None:
    items = tmp_path / "items.csv"
    items.write_bytes(ITEMS.encode("utf-16"))
    load_files(items)
    landed = query(ROWS)
    query("delete from raw_shop.items")
    mend(1, encoding=said)
    assert query(ROWS) == landed
    assert value("select encoding from raw_shop.files") == "UTF-16-LE"


def test_what_cannot_be_repaired_is_said(items: Path) -> None:
    load_files(items)
    with pytest.raises(OntimeError, match="shop has no file 7"):
        mend(7)
    query("update raw_shop.files set request = 'from=here'")
    with pytest.raises(OntimeError, match="is an answer"):
        mend(1)


def test_a_file_that_is_read_otherwise_today_changes_nothing(items: Path) -> None:
    load_files(items)
    query("delete from raw_shop.items where item = 'ink'")
    query("update raw_shop.files set rows_seen = 4, rows_landed = 3")
    with pytest.raises(OntimeError, match="gives 2 rows and 1 rejects, and gave 3 and 1 when it landed"):
        mend(1)
    assert value("select count(*) from raw_shop.items") == 1
    assert value("select count(*) from raw_shop.rejects") == 1


def test_a_build_stops_and_names_the_command(tmp_path: Path) -> None:
    """500 rows of a file deleted by hand; no build without them, whatever is new."""
    records = samples.packaged("flights")[:800]
    load_files(samples.write(tmp_path / "flights.csv", records), source=SOURCES["nycflights13"])
    query("delete from raw_nycflights13.flights where record_no <= 500")
    with pytest.raises(OntimeError) as refused:
        build.build([])
    assert "raw_nycflights13.flights has 300 of 800 rows of file 1 (flights.csv)" in refused.value.message
    assert refused.value.remedy.endswith("ontime load nycflights13 --repair 1")
