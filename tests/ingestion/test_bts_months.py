"""From `--months` to addresses of BTS archives."""

from datetime import date

import pytest

from ingestion.errors import OntimeError
from ingestion.sources.bts import archives

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def at_bts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONTIME_BTS_URL", raising=False)


def months(*ranges: str) -> list[str | None]:
    return [archive.month for archive in archives(ranges, TODAY)]


def test_the_address_of_a_month_is_not_padded() -> None:
    addresses = [archive.address for archive in archives(["2024-01", "2023-12"], TODAY)]
    folder = "https://transtats.bts.gov/PREZIP/On_Time_Reporting_Carrier_On_Time_Performance_1987_present"
    assert addresses == [f"{folder}_2024_1.zip", f"{folder}_2023_12.zip"]


@pytest.mark.parametrize("base", ["http://mirror:8080/bts", "http://mirror:8080/bts/"])
def test_another_address(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("ONTIME_BTS_URL", base)
    (archive,) = archives(["2024-01"], TODAY)
    assert str(archive.address).startswith("http://mirror:8080/bts/On_Time_Reporting_Carrier")


def test_ranges() -> None:
    assert months("2023-11..2024-02") == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert months("2024-02..2024-02", "2024-01..2024-02") == ["2024-02", "2024-01"]
    assert months("1987-10", "2026-11") == ["1987-10", "2026-11"]
    assert len(months("1987-10..2026-11")) == 39 * 12 + 2
    assert months() == []


@pytest.mark.parametrize(
    "text", ["2024", "2024-1", "2024-13", "2024-00", "2024-02..2024-01", "2024-01..", "2024-01...2024-02", ""]
)
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(OntimeError, match="not a month or a range of months") as raised:
        months(text)
    assert "2023-11..2024-02" in raised.value.remedy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-10..2026-12", "2026-12 is in the future"),
        ("2027-01", "2027-01 is in the future"),
        ("1987-09..1988-01", "BTS publishes flights since 1987-10"),
    ],
)
def test_months_that_cannot_be_published(text: str, problem: str) -> None:
    with pytest.raises(OntimeError, match=problem):
        months(text)
