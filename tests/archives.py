"""Monthly archives of BTS: the real one of the test data, releases made of it, totals as BTS publishes them.

A record is a dictionary of column and text, as in the file.
"""

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tests.data import data

ARCHIVE = (
    "bts_prezip_2019_01_9E_rebuilt/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2019_1.zip"
)

Record = dict[str, str]

CHANGED, WITHDRAWN, ADDED = 10, 5, 3


def archive_records() -> list[Record]:
    """The flights of Endeavor (9E) in January 2019."""
    with zipfile.ZipFile(data(ARCHIVE)) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith(".csv")]
        return list(csv.DictReader(io.StringIO(archive.read(member).decode())))


def write_archive(path: Path, records: Iterable[Record]) -> Path:
    """A monthly archive as BTS packs it: all names quoted, a comma at the end of each line."""
    listed = list(records)
    text = io.StringIO()
    writer = csv.DictWriter(text, listed[0], quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("On_Time.csv", text.getvalue().replace('""\n', "\n"))
        archive.writestr("readme.html", "<html></html>")
    return path


def second_release(records: list[Record]) -> list[Record]:
    """Ten arrivals become an hour later, five flights are withdrawn, three are added."""
    on_time = [record for record in records if record["ArrDelay"] and float(record["ArrDelay"]) < 15]
    changed = {id(record) for record in on_time[:CHANGED]}
    withdrawn = {id(record) for record in on_time[CHANGED : CHANGED + WITHDRAWN]}
    released = []
    for record in records:
        if id(record) in withdrawn:
            continue
        later = dict(record)
        if id(record) in changed:
            clock = int(record["ArrTime"]) // 100 * 60 + int(record["ArrTime"]) % 100 + 60
            later["ArrTime"] = f"{clock // 60 % 24:02}{clock % 60:02}"
            later["ArrDelay"] = f"{float(record['ArrDelay']) + 60:.2f}"
            later["CarrierDelay"] = f"{float(later['ArrDelay']):.2f}"
        released.append(later)
    added = [
        record | {"Flight_Number_Reporting_Airline": f"{9000 + n}"}
        for n, record in enumerate(on_time[-ADDED:])
    ]
    return released + added


def published_totals(records: list[Record]) -> list[Record]:
    """Totals of January 2019 by carrier and airport of arrival, added up here from the archive."""
    totals: dict[tuple[str, str], dict[str, float]] = {}
    minutes = ("carrier", "weather", "nas", "security", "late_aircraft")
    names = dict(zip(minutes, ("Carrier", "Weather", "NAS", "Security", "LateAircraft"), strict=True))
    for record in records:
        of_airport = totals.setdefault((record["Reporting_Airline"], record["Dest"]), {})
        is_late = bool(record["ArrDelay"]) and float(record["ArrDelay"]) >= 15
        for name, amount in {
            "arr_flights": 1.0,
            "arr_del15": float(is_late),
            **{f"{cause}_ct": 0.0 for cause in minutes},
            "arr_cancelled": float(record["Cancelled"]),
            "arr_diverted": float(record["Diverted"]),
            "arr_delay": float(record["ArrDelay"]) if is_late else 0.0,
            **{f"{cause}_delay": float(record[f"{names[cause]}Delay"] or 0) for cause in minutes},
        }.items():
            of_airport[name] = of_airport.get(name, 0.0) + amount
    return [
        {
            "year": "2019",
            "month": "1",
            "carrier": carrier,
            "carrier_name": "",
            "airport": airport,
            "airport_name": "",
        }
        | {name: f"{amount:.2f}" for name, amount in of_airport.items()}
        for (carrier, airport), of_airport in totals.items()
    ]


def write_csv(path: Path, records: list[Record]) -> Path:
    """Records as CSV with a header."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, records[0])
        writer.writeheader()
        writer.writerows(records)
    return path
