"""`ontime features`: the types and values that pandas gets, which columns are inputs, and no half file."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from psycopg2 import sql

from cli.main import main
from cli.questions.features import columns_of_mart, opened_features, read_features, write_features
from ingestion.errors import OntimeError
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.projects import PROJECT

PAGE = PROJECT / "docs" / "features.md"


@pytest.fixture(scope="module")
def file(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The features of the sample, as the command writes them."""
    begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))
    file = tmp_path_factory.mktemp("features") / "features.parquet"
    written = features("--to", str(file))
    assert written.exit_code == 0, written.output
    return file


def features(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["features", *arguments])


def as_postgres_has_it(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def test_pandas_gets_every_value_of_the_mart(file: Path) -> None:
    frame = pd.read_parquet(file).sort_values("flight_key")
    names = [column.name for column in columns_of_mart()]
    assert list(frame) == names
    rows = query(f'select {", ".join(names)} from marts.flight_features order by flight_key collate "C"')
    assert len(rows) == len(frame) > 0
    for name, expected in zip(names, zip(*rows, strict=True), strict=True):
        found = frame[name]
        if isinstance(found.dtype, pd.DatetimeTZDtype) or found.dtype.kind == "M":
            assert list(found) == [pd.Timestamp(value) for value in expected], name
        else:
            values = [float(v) if found.dtype.kind == "f" and v is not None else v for v in expected]
            assert [as_postgres_has_it(value) for value in found] == values, name


def test_types_say_what_a_column_is(file: Path) -> None:
    frame = pd.read_parquet(file)
    assert {
        name: str(frame[name].dtype)
        for name in (
            "flight_key",
            "carrier_code",
            "cutoff_at_utc",
            "flight_month",
            "origin_departures_3h",
            "target_arr_delay_minutes",
            "target_is_late_15",
            "carrier_on_time_pct_28d",
        )
    } == {
        "flight_key": "str",
        "carrier_code": "category",
        "cutoff_at_utc": "datetime64[us]",
        "flight_month": "datetime64[us]",
        "origin_departures_3h": "int32",
        "target_arr_delay_minutes": "Int32",
        "target_is_late_15": "boolean",
        "carrier_on_time_pct_28d": "float64",
    }


def test_inputs_have_values_in_training_and_are_no_keys(file: Path) -> None:
    frame = pd.read_parquet(file)
    inputs, targets, empty = (frame.attrs[name] for name in ("inputs", "targets", "without_values"))
    train = frame[frame["split"] == "train"]
    assert len(train)
    assert all(train[name].notna().any() for name in inputs)
    assert empty
    assert not any(train[name].notna().any() for name in empty)
    rest = set(frame) - {*inputs, *targets, *empty}
    assert {"flight_key", "flight_month", "scheduled_departure_at_utc", "split"} <= rest
    assert not [name for name in (*inputs, *empty) if name in rest or name.startswith("target_")]
    assert all(name.startswith("target_") for name in targets)


def test_the_command_names_columns_without_a_value(file: Path) -> None:
    said = features("--to", str(file)).output
    assert re.search(
        r"no input, for no training week has a value:\n  destination_temperature_fahrenheit\n", said
    )


def test_months_are_those_that_are_asked_for(file: Path) -> None:
    month = query("select cast(min(flight_month) as text) from marts.flight_features")[0][0]
    some = read_features([month[:7]])
    frame = pd.read_parquet(file)
    expected = frame[frame["flight_month"] == month].sort_values("flight_key", ignore_index=True)
    found = some.sort_values("flight_key", ignore_index=True)
    categories = [column.name for column in columns_of_mart() if column.dtype == "category"]
    texts = dict.fromkeys(categories, "str")
    pd.testing.assert_frame_equal(found.astype(texts), expected.astype(texts))


def test_the_page_shows_code_that_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(file.parent)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102
    assert len(names["train"])
    assert names["empty"] == names["features"].attrs["without_values"]


def test_an_answer_that_breaks_off_leaves_the_old_file(file: Path) -> None:
    """Some flight of a test week cannot be read, when many others have come already."""
    before = file.read_bytes()
    late = sql.SQL("1 / (case when split = 'test' and flight_key > 'ff' then 0 else 1 end) = 1")
    with pytest.raises(OntimeError, match="division by zero"), opened_features() as found:
        write_features(replace(found, condition=late), file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_months_without_flights_are_said(file: Path, tmp_path: Path) -> None:
    said = features("--months", "1999-01", "--to", str(tmp_path / "features.parquet"))
    assert said.exit_code == 1
    assert "none of these months" in said.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(file: Path, tmp_path: Path) -> None:
    said = features("--to", str(tmp_path / "none" / "features.parquet"))
    assert said.exit_code == 1
    assert "name another file with --to" in said.output


def test_a_warehouse_without_marts_says_how_to_make_them(fresh_database: str, tmp_path: Path) -> None:
    said = features("--to", str(tmp_path / "features.parquet"))
    assert said.exit_code == 1
    assert "ontime build" in said.output
