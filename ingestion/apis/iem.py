"""ASOS reports of airports from the Iowa Environmental Mesonet, as CSV.

Parameters and errors: https://mesonet.agron.iastate.edu/cgi-bin/request/asos.py?help
"""

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import timedelta

from ingestion.apis.api import Api, CutOffError, Endpoint, Needed, Question, UnfitError
from ingestion.finding.web_page import page_title
from ingestion.sources.iem import IEM as SOURCE

_COLUMNS = SOURCE.datasets[0].columns
_HEADER = ",".join(_COLUMNS).encode()
_LONGEST_SHOWN = 200  # characters of what came in place of CSV

# station, valid, and the day, hour and minute of the METAR, which are always UTC: `KJFK 010051Z ...`
_ROW = re.compile(rb"(?m)^([^,\n]*),(\d{4}-\d\d-(\d\d) (\d\d):(\d\d)),(?:.*,\w{4} (\d{6})Z )?")


def _place(needed: Needed) -> dict[str, str]:
    """IEM knows the stations of the contiguous United States without their K, and answers so."""
    station = needed.station[1:] if re.fullmatch("K[A-Z0-9]{3}", needed.station) else needed.station
    return {"airport": needed.airport, "station": station}


def _endpoint(question: Question) -> Endpoint:
    return Endpoint(
        "cgi-bin/request/asos.py",
        {
            "station": question.fields["station"],
            "data": ",".join(_COLUMNS[2:]),
            "sts": f"{question.span.start:%Y-%m-%dT%H:%M:%SZ}",
            "ets": f"{question.span.end:%Y-%m-%dT%H:%M:%SZ}",
            "tz": "Etc/UTC",
            "format": "onlycomma",
            "missing": "empty",
            "trace": "T",
            "latlon": "no",
            "elev": "no",
            "report_type": "3",  # routine reports: one an hour, besides the special ones
        },
    )


def _look(page: bytes) -> None:
    page = page.removeprefix(BOM_UTF8)
    title = page_title(page)
    if title is not None:
        raise UnfitError(f"a web page came, not data: {title[:_LONGEST_SHOWN]!r}")
    if _HEADER.startswith(page.rstrip(b"\n")) and not page.startswith(_HEADER + b"\n"):
        raise CutOffError(f"ends within the header, after {len(page):,} bytes")
    first, _, _ = page.partition(b"\n")
    if first != _HEADER:
        shown = first.decode(errors="backslashreplace")[:_LONGEST_SHOWN]
        raise UnfitError(f"it does not begin with the columns that were asked for, but with {shown!r}")
    if not page.endswith(b"\n"):
        raise CutOffError(f"ends within a line, after {len(page):,} bytes")


def _rows(question: Question, pages: Sequence[bytes]) -> bytes:
    """The CSV as it came, but that a line which came twice says nothing more and is left out.

    What rows can be read here must be of the station and of the hours.
    """
    page = pages[0].removeprefix(BOM_UTF8)
    station = question.fields["station"].encode()
    start, end = (f"{bound:%Y-%m-%d %H:%M}".encode() for bound in (question.span.start, question.span.end))
    agreeing = disagreeing = 0
    for found, valid, day, hour, minute, metar_time in _ROW.findall(page, len(_HEADER)):
        if found != station:
            raise UnfitError(f"it has reports of {found.decode(errors='replace')!r}, another station")
        if metar_time:
            agrees = metar_time == day + hour + minute
            agreeing, disagreeing = agreeing + agrees, disagreeing + (not agrees)
        if not start <= valid < end:
            raise UnfitError(f"it has a report of {valid.decode()}, which was not asked for")
    if disagreeing > agreeing:  # a single report may be mended later, and keep its first time
        raise UnfitError("its times are not UTC, which METARs are in")
    return b"".join(dict.fromkeys(page.splitlines(keepends=True)))


IEM = Api(
    SOURCE,
    "IEM",
    url="https://mesonet.agron.iastate.edu/",
    url_variable="ONTIME_IEM_URL",
    place=_place,
    endpoint=_endpoint,
    look=_look,
    rows=_rows,
    final_after=timedelta(days=1),  # reports come within minutes; late and mended ones within the day
    seconds_between=1.0,  # IEM allows one request a second from an address since 2026-04-21
    suffix=".csv",
    time_column="valid",
    shows_its_end=False,
)
