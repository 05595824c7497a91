"""Releases: a month that is stated again has a current version and a past, and what changed is listed."""

import csv
import gzip
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.questions.restated import FLIGHTS, show_restated
from cli.site.build import write
from cli.site.marts import published
from cli.site.pages import restated
from ingestion.sources import SOURCES
from tests.archives import (
    ADDED,
    CHANGED,
    WITHDRAWN,
    Record,
    archive_records,
    published_totals,
    second_release,
    write_archive,
    write_csv,
)
from tests.beginnings import NOTHING, begin_with
from tests.data import data
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy
from tests.site.feed import entries_of

BTS = SOURCES["bts"]
CAUSES = "bts_delay_cause_2023Q1_early/Airline_Delay_Cause_2023_01_03_as_of_2023-05.csv.gz"


def on_time_of(records: Iterable[Record]) -> int:
    return sum(bool(record["ArrDelay"]) and float(record["ArrDelay"]) < 15 for record in records)


def changes_of(months: str) -> list[dict[str, Any]]:
    """What `ontime restated` says of some months."""
    out = StringIO()
    show_restated((months,), "json", out)
    rows: list[dict[str, Any]] = json.loads(out.getvalue())
    return rows


def sum_of(records: Iterable[Record], column: str) -> int:
    return sum(int(float(record[column] or 0)) for record in records)


def build(project: ProjectCopy) -> None:
    built = project.build()
    assert built.code == 0, built.said


def load_and_build_each(project: ProjectCopy, *files: Path) -> None:
    for file in files:
        project.load(file, source=BTS)
        build(project)


def load_all_and_build(project: ProjectCopy, *files: Path) -> None:
    project.load(*files, source=BTS)
    build(project)


@pytest.mark.parametrize("land", [load_and_build_each, load_all_and_build])
def test_two_releases_of_a_month(fresh_database: str, tmp_path: Path, land: Callable[..., None]) -> None:
    """Takes the build of a warehouse of its own, and where each release is built a second one."""
    first = archive_records()
    second = second_release(first)
    project = begin_with(NOTHING, tmp_path)
    land(
        project,
        write_archive(tmp_path / "as_first_released.zip", first),
        write_archive(tmp_path / "restated.zip", second),
    )

    counts = "count(*), count(*) filter (where is_on_time), sum(arr_delay_minutes)"
    expected = [(len(it), on_time_of(it), sum_of(it, "ArrDelay")) for it in (first, second)]
    assert expected[0][:2] == (4999, 3886)
    assert query(f"select {counts} from marts.fct_flights") == expected[1:]
    assert (
        query(f"select {counts} from marts.fct_flight_versions group by release_no order by release_no")
        == expected
    )

    sums = dict(query("select measure, difference from marts.audit_restatements where entity = 'flights'"))
    assert sums == {
        "flights_changed": CHANGED,
        "flights_withdrawn": WITHDRAWN,
        "flights_added": ADDED,
        "flights": ADDED - WITHDRAWN,
        "on_time": expected[1][1] - expected[0][1],
        "late": CHANGED,
        "sum_arr_delay_minutes": expected[1][2] - expected[0][2],
        "sum_dep_delay_minutes": sum_of(second, "DepDelay") - sum_of(first, "DepDelay"),
        "sum_late_arrival_minutes": sum_of(late(second), "ArrDelay") - sum_of(late(first), "ArrDelay"),
        "carrier_delay_minutes": sum_of(second, "CarrierDelay") - sum_of(first, "CarrierDelay"),
    }
    told = changes_of("2019-01")
    kinds = Counter(row["kind"] for row in told if row["measure"] in (None, "arr_delay_minutes"))
    assert kinds == {"changed flight": FLIGHTS, "withdrawn flight": FLIGHTS, "added flight": ADDED}
    (of_carrier,) = [row for row in told if (row["subject"], row["measure"]) == ("9E", "on_time")]
    assert (of_carrier["mart"], of_carrier["flights"]) == ("agg_carrier_month", CHANGED + WITHDRAWN + ADDED)
    assert [int(of_carrier[f"value_{when}"]) for when in ("before", "after")] == [row[1] for row in expected]

    values = "select value_before, value_after from marts.audit_restatements where measure = 'on_time'"
    assert query(values) == [(expected[0][1], expected[1][1])]

    # what did we know on a date? Before the first release nothing, between the two the first
    known = """
        select count(*) from marts.fct_flight_versions
        where known_from_utc <= %s and (known_to_utc > %s or known_to_utc is null)
    """
    (first_known, second_known), *_ = query(
        "select min(known_from_utc), max(known_from_utc) from marts.fct_flight_versions"
    )
    assert value(known, "2000-01-01", "2000-01-01") == 0
    if land is load_and_build_each:
        assert value(known, first_known, first_known) == len(first)
    assert value(known, second_known, second_known) == len(second)
    if land is load_all_and_build:
        check_page_and_feed(tmp_path / "site")


def check_page_and_feed(folder: Path) -> None:
    """They say what `ontime restated` says, and a feed of the same releases is the same feed."""
    with published() as marts:
        page = restated.page(marts)
    write([page], folder, lambda _: None)
    ((title, listed),) = entries_of(folder / "restated.xml").items()
    assert title == "2019-01, release 2 of flights"
    out = StringIO()
    show_restated(("2019-01",), "table", out)
    told = [line.strip().split(maxsplit=1) for line in out.getvalue().splitlines()[1:]]
    text = html.unescape((folder / "restated.html").read_text())
    ranks_and_sums = [words for kind, words in told if kind in ("month", "rank")]
    assert len(ranks_and_sums) >= 10
    for words in ranks_and_sums:
        assert words in listed
        assert f"<dd>{words}</dd>" in text
    identities = re.findall("<id>.*</id>", (folder / "restated.xml").read_text())
    assert len(set(identities)) == 2
    write([page], folder / "again", lambda _: None)
    assert re.findall("<id>.*</id>", (folder / "again" / "restated.xml").read_text()) == identities


def late(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record["ArrDelay"] and float(record["ArrDelay"]) >= 15]


def test_restated_delay_cause_totals(fresh_database: str, tmp_path: Path) -> None:
    """February and March of 2023 are restated, January is not.

    Takes the build of a warehouse of its own, and a second one.
    """
    with gzip.open(data(CAUSES), "rt", newline="") as file:
        first = list(csv.DictReader(file))
    second = [dict(record) for record in first]
    changed = [record for record in second if record["month"] in "23" and record["carrier"] == "DL"][:7]
    for record in changed:
        record["arr_del15"] = f"{float(record['arr_del15']) + 2:.2f}"
        record["carrier_delay"] = f"{float(record['carrier_delay']) + 30:.2f}"
        record["arr_delay"] = f"{float(record['arr_delay']) + 30:.2f}"
    months = {int(record["month"]) for record in changed}
    project = begin_with(NOTHING, tmp_path)
    load_and_build_each(project, data(CAUSES), write_csv(tmp_path / "Airline_Delay_Cause.csv", second))

    found: dict[int, dict[str, int]] = {}
    for month, measure, difference in query(
        """
        select extract(month from data_month)::int, measure, difference
        from marts.audit_restatements where entity = 'delay_causes'
        """
    ):
        found.setdefault(month, {})[measure] = difference
    assert found == {
        month: {
            "records_changed": of_month,
            "late": 2 * of_month,
            "carrier_delay_minutes": 30 * of_month,
            "sum_late_arrival_minutes": 30 * of_month,
        }
        for month in months
        if (of_month := sum(int(record["month"]) == month for record in changed))
    }

    # every changed cell, and none else
    expected = {
        (f"2023-{int(record['month']):02}-01", f"DL to {record['airport']}", measure): difference
        for record in changed
        for measure, difference in (
            ("late", 2),
            ("carrier_delay_minutes", 30),
            ("sum_late_arrival_minutes", 30),
        )
    }
    assert len(expected) == 21
    assert {
        (row["data_month"], row["subject"], row["measure"]): float(row["value_after"])
        - float(row["value_before"])
        for row in changes_of("2023-01..2023-03")
        if row["kind"] == "cell"
    } == expected


def test_agreement_with_published_totals(fresh_database: str, tmp_path: Path) -> None:
    """Totals as BTS would publish them of the archive: equal, but one differs and one is too many.

    Takes the build of a warehouse of its own.
    """
    records = archive_records()
    published = published_totals(records)
    assert len(published) > 50
    published[0]["arr_del15"] = f"{float(published[0]['arr_del15']) + 1:.2f}"
    published.append(published[-1] | {"airport": "XXX"})
    project = begin_with(NOTHING, tmp_path)
    archive = write_archive(tmp_path / "archive.zip", records)
    load_all_and_build(project, archive, write_csv(tmp_path / "causes.csv", published), data(CAUSES))

    by_agreement = "select agreement, count(*) from marts.audit_published_agreement group by 1"
    january = f"{by_agreement.removesuffix('group by 1')} where flight_month = '2019-01-01' group by 1"
    assert dict(query(january)) == {"equal": len(published) - 2, "differs": 2}
    differing = """
        select airport_code_iata, differing_measures
        from marts.audit_published_agreement where agreement = 'differs'
    """
    assert dict(query(differing))[published[0]["airport"]] == "late"
    # of 2023 we have no flights: that is no disagreement; five of its 4,612 totals are of none, and left out
    assert dict(query(by_agreement)) == {"equal": len(published) - 2, "differs": 2, "incomplete": 4607}
