"""The structure check against csv.reader(strict=True), which decides what a record is."""

import csv
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import OntimeError
from ingestion.forms import records
from ingestion.forms.records import Clean, CsvFile, Reject


@dataclass(frozen=True)
class Bad:
    """A record that is to be rejected, with these bytes."""

    original: bytes


def as_csv_reads(data: bytes, width: int) -> list[list[str] | Bad]:
    """Every record of `data`, its fields or what is to be rejected of it. Slow and plain."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    lines = [line for line in lines if line]
    found: list[list[str] | Bad] = []
    while lines:
        reader = csv.reader((line.decode("utf-8", "surrogateescape") for line in lines), strict=True)
        try:
            fields, used = next(reader), reader.line_num
        except csv.Error:
            fields, used = [], 1
        original = b"".join(lines[:used])
        is_sound = len(fields) == width and b"\0" not in original and _is_utf8(original)
        found.append(fields if is_sound else Bad(original))
        lines = lines[used:]
    return found


def as_checked(data: bytes, width: int) -> list[list[str] | Bad]:
    """The same from the structure check, whose record numbers must count without a gap."""
    found: list[list[str] | Bad] = []
    for part in check(data, width):
        if isinstance(part, Reject):
            assert part.record_no == len(found) + 1
            found.append(Bad(part.original))
        else:
            assert part.first_record_no == len(found) + 1
            found.extend(as_copy_reads(record) for record in part.records)
    return found


def as_copy_reads(record: bytes) -> list[str]:
    """The fields of a record as COPY reads them: every quote opens or closes, wherever it stands."""
    fields, in_quotes, text = [""], False, record.decode()
    while text:
        if in_quotes and text.startswith('""'):
            fields[-1] += '"'
            text = text[1:]
        elif text[0] == '"':
            in_quotes = not in_quotes
        elif text[0] == "," and not in_quotes:
            fields.append("")
        else:
            assert in_quotes or text[0] not in "\r\n"
            fields[-1] += text[0]
        text = text[1:]
    assert not in_quotes
    return fields


def check(data: bytes, width: int) -> list[Clean | Reject]:
    file = CsvFile(BytesIO(b",".join(b"c%d" % i for i in range(width)) + b"\n" + data).read, "test.csv")
    file.header()
    return list(file.records(width))


def reasons(data: bytes, width: int) -> list[str]:
    return [part.reason for part in check(data, width) if isinstance(part, Reject)]


def _is_utf8(data: bytes) -> bool:
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False


@pytest.fixture
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few bytes, so that short files cross their borders everywhere."""
    monkeypatch.setattr(records, "BLOCK", 16)
    monkeypatch.setattr(records, "PIECE", 4)


PARTS = [
    b"a",
    b"7",
    b",",
    b",",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b'""',
    b',"',
    b'",',
    b'"\n',
    b" ",
    b"\\.",
    b"\0",
]
PARTS += [
    b"\xc3\xa9",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"a,b\n",
    b'"x\ny",b\n',
    b'a,"b""c"\n',
    b"NA",
]


@settings(max_examples=3000, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=24).map(b"".join), st.integers(1, 3))
def test_any_bytes(data: bytes, width: int) -> None:
    assert as_checked(data, width) == as_csv_reads(data, width)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=60).map(b"".join), st.integers(1, 3))
def test_any_bytes_in_small_steps(data: bytes, width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", 16)
        patch.setattr(records, "PIECE", 4)
        assert as_checked(data, width) == as_csv_reads(data, width)


FAULTS = [
    pytest.param(b"1,2,3\n", "3 fields, expected 2", id="long"),
    pytest.param(b"1\n", "1 field, expected 2", id="short"),
    pytest.param(b"\n", "blank line", id="blank"),
    pytest.param(b"\r\n", "blank line", id="blank-crlf"),
    pytest.param(b'"1,2\n', "unterminated quote", id="quote"),
    pytest.param(b'"1"1,2\n', "text after a closing quote", id="after-quote"),
    pytest.param(b"1\r2,3\n", "bare carriage return", id="cr"),
    pytest.param(b"1,\0\n", "NUL byte", id="nul"),
    pytest.param(b"1,\xe9\n", "invalid UTF-8", id="latin-1"),
    pytest.param(b"1,\xed\xa0\x80\n", "invalid UTF-8", id="surrogate"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
@pytest.mark.parametrize("before", [0, 1, 40_000])
def test_one_fault_costs_one_record(fault: bytes, reason: str, before: int) -> None:
    """40,000 records are more than a block, so that the fault stands in the second one."""
    good = b"some value,another one, that is longer\n".replace(b", ", b" ")
    found = check(good * before + fault + good * 40_000, 2)
    assert [part for part in found if isinstance(part, Reject)] == [Reject(before + 1, reason, fault)]
    assert sum(len(part.records) for part in found if isinstance(part, Clean)) == before + 40_000


VALUES = [
    b"1,2",
    b'"",',
    b",",
    b'"a,b","c""d"',
    b'"x\r\ny",\xc3\xa9',
    b'a"b, "c"',
    b"\\.,\\N",
    b'"\n\n","\\.\n"',
    b" , ",
]


ODD = [
    b'"a",b\rc',
    b'"a",b"c',
    b'"a" ,b',
    b'"a",b"c,"',
    b'"a,"b",c",',
    b'",",","',
    b'"a""b",c',
    b'"a\nb",c',
    b'"a\r\nb",c',
    b'x"x,",y',
    b'"a",,',
    b'"a"',
    b',"a',
    b'"",""',
    b'"a",b\n',
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_quotes_among_many(odd: bytes) -> None:
    """Whatever the shortest proof makes of a piece with such a record, the records are those of csv."""
    for line_end in (b"\n", b"\r\n"):
        usual = [b'"Atlanta, GA",""', b'1,"2"', b'"1","2"']
        data = line_end.join([*usual, odd, *usual, b""])
        assert as_checked(data, 2) == as_csv_reads(data, 2)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("record", VALUES)
def test_values_are_kept(record: bytes, line_end: bytes) -> None:
    data = (record + line_end) * 3 + record
    assert not reasons(data, 2)
    assert as_checked(data, 2) == as_csv_reads(data, 2)


def test_missing_and_empty_stay_different() -> None:
    assert check(b'"",\n,""\n', 2) == [Clean(1, [b'"",', b',""'])]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"1," + b"x" * 47 + b"\n", []),
        (b"1,x" + b"x" * 47 + b"\n", [records.TOO_LONG]),
        (b'1,"' + b"x\n" * 22 + b'x"\n', []),
        (
            b'1,"' + b"x\n" * 23 + b'"\n2,3\n',
            ["unterminated quote", *["1 field, expected 2"] * 22, "unterminated quote"],
        ),
    ],
)
def test_record_of_the_longest_length(
    data: bytes, found: list[str], monkeypatch: pytest.MonkeyPatch, in_small_steps: None
) -> None:
    monkeypatch.setattr(records, "RECORD_LIMIT", 50)
    assert reasons(data, 2) == found


@pytest.mark.parametrize("filler", [b"x", b'"'], ids=["plain", "quotes"])
def test_record_without_end_takes_bounded_memory(filler: bytes) -> None:
    """100 MiB without a line end, between good records."""

    def chunks() -> Iterator[bytes]:
        yield b"a,b\n1,2\n"
        yield from (filler * (1 << 20) for _ in range(100))
        yield b"\n3,4\n"

    parts = chunks()
    file = CsvFile(lambda _: next(parts, b""), "endless.csv")
    tracemalloc.start()
    try:
        file.header()
        found = list(file.records(2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    good, bad, last = found
    assert (good, last) == (Clean(1, [b"1,2"]), Clean(3, [b"3,4"]))
    assert isinstance(bad, Reject)
    assert bad.reason.startswith("line of more than 8 MiB")
    assert len(bad.original) == records.RECORD_LIMIT
    assert peak < 100 << 20


def test_a_quote_on_each_line_stays_fast() -> None:
    """Each opens a quote that the next one ends: csv must not read the rest of the file for each of them."""
    assert len(reasons(b'1,"2\n' * 20_000, 2)) == 20_000


def test_many_bad_lines_do_not_ask_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two-byte lines behind an open quote: csv is set up for the line of the quote, not for each of them."""
    asked = 0
    reader = csv.reader

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        return reader(*arguments, **options)

    monkeypatch.setattr(csv, "reader", counted)
    found = check(b'1,2\n1,"\n' + b"1\n" * 100_000 + b"1,2\n", 2)
    assert len([part for part in found if isinstance(part, Reject)]) == 100_001
    assert asked <= 3  # the header, the quote, the last line of the file


def test_examples_behind_many_bad_lines_do_not_ask_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan looks for the first sound records, however far they are."""
    file = CsvFile(BytesIO(b"a,b\n" + b"1\n" * 100_000 + b"3,4\n5,6\n7,8\n").read, "test.csv")
    file.header()
    monkeypatch.setattr(csv, "reader", None)
    assert file.examples(2, at_most=2) == [["3", "4"], ["5", "6"]]


HEADERS: list[tuple[bytes, str]] = [
    (b"", "the file is empty"),
    (b"\na,b\n", "blank line"),
    (b'"a,b\n1,2\n', "unterminated quote"),
    (b"a,b\r1,2\r", "bare carriage return"),
    (b"a,\0\n", "NUL byte"),
    (b"a,\xff\n", "invalid UTF-8"),
]


@pytest.mark.parametrize(("data", "message"), HEADERS)
def test_no_header(data: bytes, message: str) -> None:
    with pytest.raises(OntimeError, match=f"^bad.csv: .*{message}"):
        CsvFile(BytesIO(data).read, "bad.csv").header()


@pytest.mark.parametrize("data", [b"a,b\n", b"a,b", b"a,b\r\n", b'"a",b\n'])
def test_header(data: bytes) -> None:
    assert CsvFile(BytesIO(data).read, "good.csv").header() == ["a", "b"]


def test_header_over_two_lines() -> None:
    file = CsvFile(BytesIO(b'"a\nb",c\n1,2\n').read, "good.csv")
    assert file.header() == ["a\nb", "c"]
    assert list(file.records(2)) == [Clean(1, [b"1,2"])]
