"""What was asked, as text."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.request_text import decode, encode

FIELDS = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=8), max_size=4)


def test_reads_as_it_is_meant() -> None:
    request = encode(airport="JFK", **{"from": "2013-01-01T00:00Z"})
    assert request == "airport=JFK&from=2013-01-01T00:00Z"
    assert decode(request) == {"airport": "JFK", "from": "2013-01-01T00:00Z"}


@given(FIELDS.filter(bool))
def test_comes_back(fields: dict[str, str]) -> None:
    assert decode(encode(**fields)) == fields
