"""Tables of any kind: what they say arrives as exact text, and what cannot arrive has a reason."""

import datetime as dt
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook as NewWorkbook
from pyarrow import parquet

from ingestion.errors import OntimeError
from ingestion.forms import records
from ingestion.forms.encoding import Text
from ingestion.forms.headers import columns_of
from ingestion.forms.records import Clean, Reject
from ingestion.forms.tabular import excel, names
from ingestion.forms.tabular.delimited import SEPARATORS, Delimited
from ingestion.forms.tabular.names import RESERVED, column_names, table_name
from ingestion.forms.tabular.stream import csv_record
from ingestion.forms.tabular.tables import open_table
from ingestion.sources.files import FILES

Row = list[str | None]

UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
NOON = dt.datetime(2024, 1, 31, 12, 30)  # noqa: DTZ001 - most files know no zone


def read(content: bytes, sheet: str | None = None) -> tuple[list[str], list[Row | str]]:
    """Columns of a content, and of each record its values or why it is rejected, in order."""
    table = open_table(BytesIO(content).read, "it", sheet)
    columns = column_names(table.header(), "it")
    rows: list[Row | str] = []
    for found in table.records(len(columns)):
        assert (found.first_record_no if isinstance(found, Clean) else found.record_no) == len(rows) + 1
        rows += [values(record) for record in found.records] if isinstance(found, Clean) else [found.reason]
    return columns, rows


def values(record: bytes) -> Row:
    """The values of a record as COPY reads them: nothing is missing, `""` is empty."""
    fields = records.fields_of(record)
    return [
        field[1:-1].replace(b'""', b'"').decode() if field[:1] == b'"' else field.decode() or None
        for field in fields
    ]


def failure(content: bytes, sheet: str | None = None) -> str:
    with pytest.raises(OntimeError) as raised:
        read(content, sheet)
    return raised.value.message


class TestDelimited:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_the_separator_is_seen_from_the_first_lines(self, separator: str) -> None:
        text = 'Code;Name;Price\nA;"x;""y""";1\nB;;""\n'.replace(";", separator)
        assert read(text.encode()) == (
            ["code", "name", "price"],
            [["A", f'x{separator}"y"', "1"], ["B", None, ""]],
        )

    def test_commas_and_quotes_within_values_stay_what_they_are(self) -> None:
        content = b'name;price;size\nDoe, J;1,5;5"\r\nRoe;2,25;"6"""\n;;\n'
        assert read(content)[1] == [["Doe, J", "1,5", '5"'], ["Roe", "2,25", '6"'], [None, None, None]]

    def test_a_byte_order_mark_is_no_part_of_a_name(self) -> None:
        assert read(b"\xef\xbb\xbfcode;n\nA;1\n") == (["code", "n"], [["A", "1"]])

    def test_a_broken_record_costs_itself(self) -> None:
        content = b'a;b\n1;2\n3\n"4;5\n6;7\n\xff;8\n9;10;11\n12;13\n'
        assert read(content)[1] == [
            ["1", "2"],
            "1 field, expected 2",
            "unterminated quote",
            ["6", "7"],
            ["ÿ", "8"],
            "3 fields, expected 2",
            ["12", "13"],
        ]

    @pytest.mark.parametrize(
        ("start", "separator"),
        [
            ("a\n1\n2,5\n", ","),
            ("a,b;c\n1,2;3\n4,5;6\n", ","),
            ("last, first;age;city\nDoe, J;30;X\nRoe;40;Y\n", ";"),
            ("a,b\n1|2|3,4\n", ","),
            ('a;b\n"x,y,z";2\n', ";"),
            ("", ","),
        ],
    )
    def test_separator(self, start: str, separator: str) -> None:
        assert Delimited(Text(BytesIO(start.encode()).read), "it").form == SEPARATORS[separator]

    @given(
        st.lists(
            st.lists(
                st.text(st.characters(exclude_characters="\0\r", codec="utf-8")), min_size=2, max_size=2
            ),
            max_size=20,
        )
    )
    def test_any_text_comes_back(self, rows: list[list[str]]) -> None:
        lines = [";".join('"' + text.replace('"', '""') + '"' for text in row) for row in [["a", "b"], *rows]]
        found = read("\n".join([*lines, ""]).encode())
        assert found == (["a", "b"], rows)


class TestJsonLines:
    def test_keys_of_all_lines_are_columns_and_values_exact(self) -> None:
        content = (
            b'\xef\xbb\xbf{"id": 12345678901234567890, "price": 1.10, "note": null}\r\n'
            b'{"id": "007", "tags": ["\xc3\xa4", 2.50, true, null, {"a b": 1e5}], "note": ""}\n'
            b'{"ok": false, "id": -0.0, "text": "a,\\"b\\"\\nc"}'
        )
        assert read(content) == (
            ["id", "price", "note", "tags", "ok", "text"],
            [
                ["12345678901234567890", "1.10", None, None, None, None],
                ["007", None, "", '["ä",2.50,true,null,{"a b":1e5}]', None, None],
                ["-0.0", None, None, None, "false", 'a,"b"\nc'],
            ],
        )

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"a": 1', "not JSON at character 8: Expecting ',' delimiter"),
            (b"[1, 2]", "JSON, but no object"),
            (b"", "blank line"),
            (b'{"a": 1, "a": 2}', "a key stands twice in an object"),
            (b'{"a": {"b": 1, "b": 2}}', "a key stands twice in an object"),
            (b'{"a": "\\u0000"}', "NUL character"),
            (b'{"a": "\\ud800"}', "half of a surrogate pair"),
            (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
            (
                b'{"a": "' + b"x" * records.RECORD_LIMIT + b'"}',
                "line of more than 8 MiB, of which the original keeps the beginning",
            ),
        ],
    )
    def test_a_line_that_is_no_record_is_rejected_as_it_is(self, line: bytes, reason: str) -> None:
        table = open_table(BytesIO(b'{"a": 1}\n' + line + b'\n{"a": 3}\n').read, "it")
        assert table.header() == ["a"]
        first, reject, last = table.records(1)
        assert (first, last) == (Clean(1, [b"1"]), Clean(3, [b"3"]))
        assert isinstance(reject, Reject)
        assert (reject.record_no, reject.reason) == (2, reason)
        assert reject.original == (line + b"\n")[: records.RECORD_LIMIT]

    def test_many_lines_keep_their_numbers(self) -> None:
        lines = [b'{"a": %d}' % number if number % 700 else b"{" for number in range(1, 3001)]
        _, rows = read(b"\n".join(lines))
        assert [number for number, row in enumerate(rows, 1) if isinstance(row, str)] == [
            700,
            1400,
            2100,
            2800,
        ]
        assert rows[2999] == ["3000"]

    def test_a_file_without_objects_fails(self) -> None:
        assert failure(b"{\n{}\n") == "it: no line of it is a JSON object with a value"
        assert failure(b'[{"a": 1}]') == "it: is one JSON array"

    @given(st.lists(st.dictionaries(st.sampled_from("abc"), st.text() | st.none()), min_size=1))
    def test_texts_come_back(self, objects: list[dict[str, str | None]]) -> None:
        keys = list(dict.fromkeys(key for found in objects for key in found))
        content = "".join(json.dumps(found) + "\n" for found in objects).encode()
        if keys:
            expected: list[Row | str] = [
                "NUL character"
                if any("\0" in (text or "") for text in found.values())
                else [found.get(key) for key in keys]
                for found in objects
            ]
            assert read(content) == (keys, expected)


def parquet_of(columns: dict[str, Any]) -> bytes:
    content = BytesIO()
    parquet.write_table(pa.table(columns), content)
    return content.getvalue()


class TestParquet:
    def test_values_of_each_type_are_exact(self) -> None:
        columns: dict[str, Any] = {
            "whole": pa.array([2**62, None]),
            "fraction": pa.array([0.30000000000000004, None]),
            "single": pa.array([0.1, None], pa.float32()),
            "text": ['a,"b"\n', ""],
            "flag": [True, None],
            "day": [dt.date(2024, 1, 31), None],
            "local": pa.array([NOON, None], pa.timestamp("ns")),
            "precise": pa.array([NOON.replace(microsecond=1), None], pa.timestamp("us")),
            "zoned": pa.array([NOON, None], pa.timestamp("ms", "Europe/Berlin")),
            "clock": [dt.time(1, 2, 3), None],
            "money": pa.array([Decimal("1.10"), None]),
            "word": pa.array(["x", None]).dictionary_encode(),
            "raw": [b"\x00\xff", None],
            "list": [[1, None], None],
            "struct": [{"a": "ä", "b": Decimal("1.10")}, None],
            "nothing": pa.nulls(2),
        }
        assert read(parquet_of(columns)) == (
            list(columns),
            [
                [
                    *("4611686018427387904", "0.30000000000000004", "0.1", 'a,"b"\n', "true", "2024-01-31"),
                    *(
                        "2024-01-31 12:30:00",
                        "2024-01-31 12:30:00.000001",
                        "2024-01-31 12:30:00Z",
                        "01:02:03",
                    ),
                    *("1.10", "x", "\\x00ff", "[1,null]", '{"a":"ä","b":"1.10"}', None),
                ],
                [None if name != "text" else "" for name in columns],
            ],
        )

    def test_durations_say_what_they_are_in_any_unit(self) -> None:
        columns = {
            unit: pa.array([-90 * 10**zeros - 1, None], pa.duration(unit)) for unit, zeros in UNITS.items()
        }
        assert read(parquet_of(columns))[1] == [
            ["-0:01:31", "-0:01:30.001", "-0:01:30.000001", "-0:01:30.000000001"],
            [None] * 4,
        ]

    def test_a_time_that_no_calendar_has_rejects_its_row(self) -> None:
        times = pa.array([0, 2**63 - 1, None, 1], pa.timestamp("us"))
        days = pa.array([0, 0, 2**31 - 1, 1], pa.date32())
        _, rows = read(parquet_of({"at": times, "day": days}))
        assert rows[1:3] == ["at is a time that no calendar has", "day is a time that no calendar has"]
        assert [row[:2] for row in (rows[0], rows[3])] == [
            ["1970-01-01 00:00:00", "1970-01-01"],
            ["1970-01-01 00:00:00.000001", "1970-01-02"],
        ]

    def test_such_a_time_within_a_value_rejects_as_well(self) -> None:
        nested = pa.array([[0], [2**62]], pa.list_(pa.timestamp("us")))
        assert read(parquet_of({"all": nested}))[1] == [
            ['["1970-01-01 00:00:00"]'],
            "all is a time that no calendar has",
        ]

    def test_missing_values_of_a_single_column_are_records(self) -> None:
        assert read(parquet_of({"a": ["x", None, "", "y,z"]})) == (["a"], [["x"], [None], [""], ["y,z"]])

    def test_a_nul_character_is_rejected(self) -> None:
        assert read(parquet_of({"a": ["x\0", "y"]}))[1] == ["NUL byte", ["y"]]

    def test_batches_follow_each_other(self) -> None:
        _, rows = read(parquet_of({"n": list(range(25_000))}))
        assert rows == [[str(number)] for number in range(25_000)]

    @pytest.mark.parametrize("damage", [lambda content: content[:200], lambda content: content[:4] * 50])
    def test_a_damaged_file_fails(self, damage: Callable[[bytes], bytes]) -> None:
        assert failure(damage(parquet_of({"a": ["x"] * 100}))).startswith("it: is damaged, or no Parquet: ")


def workbook_of(**sheets: list[Any]) -> bytes:
    book, content = NewWorkbook(write_only=True), BytesIO()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(content)
    return content.getvalue()


class TestExcel:
    def test_cells_are_exact_text(self) -> None:
        cells = [
            *(1, 0.1 + 0.2, 1.0, 1e20, -2.5, "0012", " x ", True, "#DIV/0!"),
            *(dt.date(2024, 1, 31), NOON.replace(hour=0, minute=0), NOON.replace(second=15)),
            *(dt.time(12, 30), dt.timedelta(hours=30), None, 'a,"b"'),
        ]
        header = [f"c{number}" for number in range(len(cells))]
        assert read(workbook_of(May=[header, cells]), "May") == (
            header,
            [
                [
                    *("1", "0.3", "1", "1e+20", "-2.5", "0012", " x ", "true", "#DIV/0!"),
                    *("2024-01-31", "2024-01-31 00:00:00", "2024-01-31 12:30:15"),
                    *("12:30:00", "30:00:00", None, 'a,"b"'),
                ]
            ],
        )

    def test_numbers_keep_the_digits_of_the_sheet(self) -> None:
        """openpyxl makes doubles of those that Excel writes with an exponent."""
        written = {
            "9007199254740993": "9007199254740993",
            "9.007199254740993E15": "9007199254740993",
            "1.2345678901234567E16": "12345678901234567",
            "1E+20": "1E+20",
            "0.30000000000000004": "0.30000000000000004",
            "1.0": "1",
        }
        plain = BytesIO(workbook_of(S=[["n"], *([1000 + place] for place in range(len(written)))]))
        changed = BytesIO()
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                text = old.read(name).decode()
                for place, number in enumerate(written):
                    text = text.replace(f"<v>{1000 + place}</v>", f"<v>{number}</v>")
                new.writestr(name, text)
        assert read(changed.getvalue(), "S")[1] == [[number] for number in written.values()]

    def test_durations_and_impossible_dates(self) -> None:
        cells = [dt.timedelta(minutes=-30), dt.timedelta(hours=30, milliseconds=250), dt.timedelta()]
        assert read(workbook_of(S=[["a", "b", "c"], cells]), "S")[1] == [
            ["-0:30:00", "30:00:00.25", "0:00:00"]
        ]

    def test_a_formula_without_value_is_told(self) -> None:
        table = open_table(BytesIO(workbook_of(S=[["a", "b"], [1, "=A2*2"]])).read, "it", "S")
        table.header()
        assert list(table.records(2)) == [Clean(1, [b"1,"])]
        (warning,) = table.warnings("it")
        assert warning.startswith("it: formulas without a saved value: 1, the first in B2")

    def test_a_table_may_begin_anywhere_and_blank_rows_are_no_records(self) -> None:
        rows = [[], [None, None, "a", None, "b"], [], [None, None, 1], [None, None, None, 2, 3], []]
        assert read(workbook_of(S=rows), "S") == (
            ["a", "column_2", "b"],
            [["1", None, None], [None, "2", "3"]],
        )

    def test_a_cell_without_a_column_name_rejects_its_row(self) -> None:
        rows = [[None, "a", "b"], ["x", 1], [None, 1, 2, 3], [None, 1, 2]]
        assert read(workbook_of(S=rows), "S")[1] == [
            "3 fields, expected 2",
            "3 fields, expected 2",
            ["1", "2"],
        ]

    def test_a_far_cell_takes_no_memory(self) -> None:
        content = BytesIO()
        book = NewWorkbook()
        assert book.active is not None
        book.active["A1"], book.active["XFD300000"] = "a", 1
        book.save(content)
        assert read(content.getvalue(), "Sheet")[1] == ["16384 fields, expected 1"]

    def test_a_bomb_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(excel, "LARGEST_PART", 1 << 20)
        content = workbook_of(S=[["a"], *([None, "x" * 30_000] for _ in range(100))])
        assert "unpacks to 2 MiB; at most 1 MiB are read" in failure(content, "S")

    def test_what_is_no_workbook_fails(self) -> None:
        content = workbook_of(S=[["a"], [1]])
        assert failure(content[: len(content) // 2], "S").startswith("it: is damaged, or no workbook: ")
        assert failure(content, "T").startswith("it: is damaged, or no workbook: ")
        other = BytesIO()
        with zipfile.ZipFile(other, "w") as archive:
            archive.writestr("[Content_Types].xml", "<no")
        assert failure(other.getvalue(), "S").startswith("it: is damaged, or no workbook: ")


class TestNames:
    @pytest.mark.parametrize(
        ("file_name", "sheet", "expected"),
        [
            ("Sales 2024.csv.gz", None, "sales_2024"),
            ("SalesReport.v2.JSONL", None, "sales_report_v2"),
            ("sales.xlsx", "May 1st", "sales_may_1st"),
            ("2024.csv", None, "file_2024"),
            ("order.csv", None, "file_order"),
            ("files.csv", None, "file_files"),
            ("Größe.csv", None, "grosse"),
            ("!!!.csv", None, "file"),
        ],
    )
    def test_a_table_is_named_after_its_file(self, file_name: str, sheet: str | None, expected: str) -> None:
        assert table_name(file_name, FILES.suffixes, sheet) == expected

    def test_long_names_stay_apart(self) -> None:
        some, other = (table_name("x" * 60 + end + ".csv", FILES.suffixes) for end in "ab")
        assert some != other
        assert len(some) == len(other) == names.LONGEST_TABLE

    def test_any_header_makes_columns(self) -> None:
        header = [
            "Flight Date",
            "FlightDate",
            "flight_date_2",
            "",
            "order",
            "file_no",
            "2024",
            "Größe",
            "日本",
            "%",
        ]
        assert column_names(header, "it") == [
            *(
                "flight_date",
                "flight_date_2",
                "flight_date_2_2",
                "column_4",
                "column_order",
                "column_file_no",
            ),
            *("column_2024", "grosse", "ri_ben", "column_10"),
        ]

    def test_long_names_that_begin_alike_are_called_the_same_in_every_header(self) -> None:
        some, other = (f"{'mean_of_all_that_was_measured_on_' * 2}{end}" for end in ("arrival", "departure"))
        both = column_names([some, other], "it")
        assert len(set(both)) == 2
        assert all(len(name) == names.LONGEST_COLUMN for name in both)
        assert column_names([other, some], "it") == both[::-1]
        assert column_names([other], "it") == both[1:]

    @pytest.mark.parametrize(
        ("header", "problem"),
        [([" ", ""], "the header names no column"), (["a"] * 1501, "the header has 1,501 columns")],
    )
    def test_a_header_that_no_table_can_have_fails(self, header: list[str], problem: str) -> None:
        with pytest.raises(OntimeError, match=problem):
            column_names(header, "it")

    @given(st.lists(st.text() | st.sampled_from(sorted(RESERVED)), min_size=1, max_size=50))
    def test_names_need_no_quotes_and_landing_leaves_them_as_they_are(self, header: list[str]) -> None:
        if any(field.strip() for field in header):
            found = column_names(header, "it")
            assert len(set(found)) == len(found) == len(header)
            assert columns_of(found, "it") == tuple(found)
            assert not RESERVED.intersection(found)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it: the file is empty"),
        (b"%PDF-1.7", "it: is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it: is an old or encrypted Excel file"),
        (b"<!DOCTYPE html><title>Error</title>", "it: is a web page, not data: 'Error'"),
        (b'<?xml version="1.0"?>', "it: is XML"),
        (b"\x89PNG\0\0", "it: is a picture"),
        (b"a,\0\n1,2\n", "it: header: NUL byte"),
    ],
)
def test_what_is_no_table_fails(content: bytes, problem: str) -> None:
    assert failure(content) == problem


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8")), min_size=1))
def test_csv_record(row: Row) -> None:
    assert values(csv_record(row)) == row
