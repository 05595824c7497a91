"""Addresses: what of them is shown, and what a file from there is called."""

import pytest

from ingestion.data_file import Wanted
from ingestion.finding.fetch.addresses import last_part, scheme_of, shown


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://host/a.csv", "https://host/a.csv"),
        ("https://me:secret@host:8443/a.csv", "https://host:8443/a.csv"),
        ("https://secret@host/a@b.csv", "https://host/a@b.csv"),
        ("https://host/a.csv?sig=secret=&secret&empty=#secret", "https://host/a.csv?sig=...&...&empty=..."),
        ("https://host?sig=secret", "https://host?sig=..."),
        ("https://host/a.csv?secret", "https://host/a.csv?..."),
        ("https://[::1]:8443/a.csv", "https://[::1]:8443/a.csv"),
        ("https://me:sec/ret@host/a.csv", "https://..."),
        ("s3://key:secret@bucket/a?.csv", "s3://bucket/a?.csv"),
        ("s3://bucket/a#b@c.csv", "s3://bucket/a#b@c.csv"),
        ("folder/a@b?c.csv", "folder/a@b?c.csv"),
    ],
)
def test_what_is_shown(address: str, told: str) -> None:
    assert shown(address) == told


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host/data/a%20b.csv?x=/c.zip", "a b.csv"),
        ("https://host/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"),
        ("https://host/%00", "_"),
        ("https://host/..", "download"),
        ("https://host/data/", "download"),
        ("https://host", "download"),
        ("s3://bucket/100%25.csv", "100%25.csv"),
        ("s3://bucket/what?.csv", "what?.csv"),
        ("https://host/" + 99 * "ab/" + 300 * "ü" + ".csv", 98 * "ü" + ".csv"),
    ],
)
def test_names(address: str, name: str) -> None:
    assert last_part(address) == name


def test_schemes() -> None:
    assert [scheme_of(place) for place in ("HTTPS://h/x", "s3://b", "a/b://c", "C:/a.csv", "a.csv")] == [
        "https",
        "s3",
        None,
        None,
        None,
    ]


def test_what_is_wanted_does_not_show_its_address() -> None:
    assert "secret" not in repr(Wanted("https://me:secret@host/a.csv"))
