"""What held when: editions of the FAA's registry, loaded in order and out of order."""

from pathlib import Path

import pytest

from ingestion.sources.faa import FAA
from tests import samples
from tests.beginnings import NOTHING, begin_with
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy
from tests.samples import Record
from tests.states import history

MODELS = [
    dict(zip(("CODE", "MFR", "MODEL", "TYPE-ACFT", "TYPE-ENG"), values, strict=True))
    for values in (("1384400", "BOEING", "737-800", "5", "5"), ("3930350", "AIRBUS", "A320-214", "5", "5"))
]
BOEING, AIRBUS = MODELS[0]["CODE"], MODELS[1]["CODE"]


def registered(
    number: str, serial: str, model: str, certificate: str, last_action: str = "20200101"
) -> Record:
    """A record of MASTER, padded as the registry pads it."""
    return {
        "N-NUMBER": number.ljust(5),
        "SERIAL NUMBER": serial.ljust(30),
        "MFR MDL CODE": model,
        "LAST ACTION DATE": last_action,
        "CERT ISSUE DATE": certificate.ljust(8),
    }


def bears_date(day: str) -> Record:
    """An aircraft that stays what it is; its last action is what dates an edition."""
    return registered("9", "90", BOEING, "20100101", day)


NEVER_CHANGES = registered("1", "10", BOEING, "20150505")
# an edition that lacked more than a few of those before it would be held
OTHERS = [registered(str(number), f"{number}0", BOEING, "20100101") for number in range(900, 940)]
EDITIONS = {
    "january": [
        bears_date("20240131"),
        NEVER_CHANGES,
        registered("2", "20", BOEING, "20160606"),
        registered("3", "30", BOEING, "20170707"),
        registered("4", "40", BOEING, ""),
    ],
    # N2 passes on to another aircraft, N3 vanishes; a new certificate alone is no other aircraft
    "february": [
        bears_date("20240229"),
        NEVER_CHANGES,
        registered("2", "21", AIRBUS, "20240210"),
        registered("4", "40", BOEING, "20240215"),
    ],
    # N3 returns as it was, N4 is corrected, N5 is new
    "march": [
        bears_date("20240331"),
        NEVER_CHANGES,
        registered("2", "21", AIRBUS, "20240210"),
        registered("3", "30", BOEING, "20170707"),
        registered("4", "41", BOEING, "20240215"),
        registered("5", "50", AIRBUS, "20240303"),
    ],
}
# the registration of N3, and an aircraft that had the number of N1 before
ENDED = [
    {
        "N-NUMBER": "3",
        "SERIAL-NUMBER": "30",
        "MFR-MDL-CODE": BOEING,
        "CERT-ISSUE-DATE": "20170707",
        "CANCEL-DATE": "20240220",
    },
    {
        "N-NUMBER": "1",
        "SERIAL-NUMBER": "11",
        "MFR-MDL-CODE": AIRBUS,
        "CERT-ISSUE-DATE": "19900101",
        "CANCEL-DATE": "19991231",
    },
]

PERIODS = """
    select tail_number, serial_number, model, valid_from::text, valid_to::text, is_current
    from marts.dim_aircraft_history where tail_number not like 'N9%' order by tail_number, valid_from
"""
IN_JANUARY = [
    ("N1", "11", "A320-214", "1990-01-01", "1999-12-31", False),
    ("N1", "10", "737-800", "2015-05-05", None, True),
    ("N2", "20", "737-800", "2016-06-06", None, True),
    ("N3", "30", "737-800", "2017-07-07", None, True),
    ("N4", "40", "737-800", "2024-01-31", None, True),
]
IN_MARCH = [
    *IN_JANUARY[:2],
    ("N2", "20", "737-800", "2016-06-06", "2024-02-10", False),
    ("N2", "21", "A320-214", "2024-02-10", None, True),
    ("N3", "30", "737-800", "2017-07-07", "2024-02-20", False),
    ("N3", "30", "737-800", "2024-03-31", None, True),
    ("N4", "40", "737-800", "2024-01-31", "2024-03-31", False),
    ("N4", "41", "737-800", "2024-03-31", None, True),
    ("N5", "50", "A320-214", "2024-03-03", None, True),
]
# nobody knows that N3 was gone; a certificate of between two editions is the day of the change
WITHOUT_FEBRUARY = [
    *IN_MARCH[:4],
    ("N3", "30", "737-800", "2017-07-07", None, True),
    ("N4", "40", "737-800", "2024-01-31", "2024-02-15", False),
    ("N4", "41", "737-800", "2024-02-15", None, True),
    IN_MARCH[-1],
]
TODAY = """
    select tail_number, serial_number, valid_from::text
    from marts.dim_aircraft where tail_number not like 'N9%' order by tail_number
"""
TODAY_IN_MARCH = [
    ("N1", "10", "2015-05-05"),
    ("N2", "21", "2024-02-10"),
    ("N3", "30", "2024-03-31"),
    ("N4", "41", "2024-03-31"),
    ("N5", "50", "2024-03-03"),
]
ACCOUNTS = """
    select rows_seen, rows_published, rows_duplicate, rows_superseded, rows_rejected, rows_kept_apart
    from marts.audit_row_ledger where dataset = %s order by file_no
"""
LAST_PUBLICATION = "select max(started_at) from ops.runs where step = 'publish'"


@pytest.fixture
def project(fresh_database: str, tmp_path: Path) -> ProjectCopy:
    """Models of aircraft and registrations that ended, without any edition of the registry."""
    project = begin_with(NOTHING, tmp_path)
    for name, records in (("ACFTREF", MODELS), ("DEREG", ENDED)):
        project.load(samples.write(tmp_path / f"{name}.csv", records), source=FAA)
    return project


def load_editions(project: ProjectCopy, *names: str) -> None:
    """Load editions one after the other, as they are named."""
    for name in names:
        project.load(samples.write(project.folder / f"{name}.csv", [*EDITIONS[name], *OTHERS]), source=FAA)


def build(project: ProjectCopy) -> None:
    built = project.build()
    assert built.code == 0, built.said
    assert not query(
        """
        select * from marts.audit_row_ledger
        where rows_seen
            <> rows_published + rows_duplicate + rows_superseded + rows_rejected + rows_kept_apart
        """
    )


def test_editions_in_order(project: ProjectCopy) -> None:
    """Takes a build after each of the editions, in a warehouse of its own."""
    load_editions(project, "january")
    build(project)
    assert query(PERIODS) == IN_JANUARY  # N3 is gone in no edition yet
    assert query(ACCOUNTS, "dereg") == [(2, 1, 0, 0, 0, 1)]

    before = history()
    load_editions(project, "february", "march")
    build(project)
    assert query(PERIODS) == IN_MARCH
    assert query(TODAY) == TODAY_IN_MARCH
    # N2 and N3 in February, N3, N4 and N5 in March; what did not change is not written again
    assert history().rows_added_since(before)["int_aircraft__changes"] == 2 + 3
    # rows of older editions with which a period begins are still shown
    assert query(ACCOUNTS, "master") == [(45, 45, 0, 0, 0, 0), (44, 1, 0, 43, 0, 0), (46, 3, 0, 0, 0, 43)]

    before, published = history(), value(LAST_PUBLICATION)
    build(project)
    assert (history(), value(LAST_PUBLICATION)) == (before, published)


def test_editions_out_of_order(project: ProjectCopy) -> None:
    """The day that an edition speaks of counts, not the day on which it came.

    Takes two builds, in a warehouse of its own.
    """
    load_editions(project, "march", "january")
    build(project)
    assert query(PERIODS) == WITHOUT_FEBRUARY

    before = history()
    load_editions(project, "february")
    build(project)
    assert query(PERIODS) == IN_MARCH
    assert query(TODAY) == TODAY_IN_MARCH
    # February beside January, and March anew, beside February
    assert history().rows_added_since(before)["int_aircraft__changes"] == 2 + 3
    assert query(ACCOUNTS, "master") == [(46, 3, 0, 0, 0, 43), (45, 45, 0, 0, 0, 0), (44, 1, 0, 43, 0, 0)]
