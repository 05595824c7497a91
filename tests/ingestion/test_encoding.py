"""Text in any encoding becomes UTF-8, and what fits none costs its own value."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import OntimeError
from ingestion.forms.encoding import Text, known

SAMPLE = "gate,city,note\nA1,Köln,“late”\nB2,Fürth,\n"


def read(content: bytes, said: str | None = None, size: int = 1 << 20) -> tuple[str, Text]:
    """A content as text, read in pieces of a size."""
    text = Text(BytesIO(content).read, said)
    return b"".join(iter(lambda: text.read(size), b"")).decode(), text


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (SAMPLE.encode(), "UTF-8"),
        (SAMPLE.encode("utf-8-sig"), "UTF-8"),
        (SAMPLE.encode("cp1252"), "Windows-1252"),
        (SAMPLE.encode("utf-16"), "UTF-16-LE"),
        (b"\xfe\xff" + SAMPLE.encode("utf-16-be"), "UTF-16-BE"),
        (SAMPLE.encode("utf-16-le"), "UTF-16-LE"),
        (SAMPLE.encode("utf-16-be"), "UTF-16-BE"),
        (SAMPLE.encode("utf-32"), "UTF-32-LE"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_text_is_read_as_what_it_is(content: bytes, encoding: str, size: int) -> None:
    found, text = read(content, size=size)
    assert (found, text.encoding) == (SAMPLE, encoding)
    warnings = text.warnings("a.csv")
    assert len(warnings) == (encoding != "UTF-8")
    assert all(f"is not UTF-8; read as {encoding}" in warning for warning in warnings)


def test_what_it_is_may_show_late() -> None:
    """All before the first byte beyond ASCII reads alike; an example and the confidence are told."""
    found, text = read(b"2001,N300AA\n" * 400_000 + b"2001,N300AB\xe4\xe6\n" * 3)
    assert found.endswith("N300AA\n" + "2001,N300ABäæ\n" * 3)
    assert text.warnings("a.csv") == [
        "a.csv: is not UTF-8; read as Windows-1252, such as N300ABäæ; if it is another: --encoding"
    ]
    _, text = read(b"a\xa4\xe4\xb7\xe6\n")
    assert "read as Windows-1252 (confidence 50%)" in text.warnings("a.csv")[0]


@pytest.mark.parametrize(
    ("content", "expected", "warning"),
    [
        ("gäte\n".encode() + b"N3\xe4\xe6,1\n", "gäte\nN3\\xe4\\xe6,1\n", "2 bytes are no UTF-8"),
        (b"N3\xe4\xe6\x81,1\n", "N3äæ\\x81,1\n", "1 byte is no Windows-1252"),
        (b"\xff\xfea\0\0\xd8\n\0", "a\\x00\\xd8\n", "2 bytes are no UTF-16-LE"),
        ("gäte".encode() + b"\xe2\x82", "gäte\\xe2\\x82", "2 bytes are no UTF-8"),
    ],
)
def test_a_byte_that_fits_no_encoding_can_be_brought_back(
    content: bytes, expected: str, warning: str
) -> None:
    found, text = read(content)
    assert found == expected
    assert warning in text.warnings("a.csv")[-1]
    assert content.endswith(text.as_it_came(found.encode()))


def test_what_the_user_says_counts() -> None:
    found, text = read("Łódź\n".encode("cp1250"), "cp1250")
    assert (found, text.warnings("a.csv")) == ("Łódź\n", [])
    assert read("Łódź\n".encode("utf-16"), "UTF-16")[0] == "Łódź\n"
    assert read(SAMPLE.encode("utf-8-sig"), "utf8")[0] == SAMPLE
    assert read(b"\xe4\n", "utf-8")[0] == "\\xe4\n"
    for wrong in ("klingon", "base64", "a\0"):
        with pytest.raises(OntimeError, match="there is no encoding of this name"):
            known(wrong)


def test_in_json_a_backslash_is_written_twice() -> None:
    text = Text(BytesIO('{"ä": "'.encode() + b'\xff"}').read, in_json=True)
    assert text.read(100) == '{"ä": "\\\\xff"}'.encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\\\0\ufeff")), st.integers(1, 5))
def test_utf8_stays_as_it_is(text: str, size: int) -> None:
    assert read(text.encode(), size=size)[0] == text


@given(st.binary(), st.integers(1, 5))
def test_any_bytes_become_text(content: bytes, size: int) -> None:
    found, _ = read(content, size=size)
    assert isinstance(found, str)
