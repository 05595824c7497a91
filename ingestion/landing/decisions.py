"""Decisions on landed files: which counts although something speaks against it, and which does not.

They lie in `raw.decisions`, for all sources, and none is ever changed or removed: of a file the newest
counts. Their numbers are drawn from those of files, so that a number says what was there by then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from psycopg2 import sql

from ingestion.database import Connection, commit_durably
from ingestion.errors import OntimeError
from ingestion.landing.ledger import FILE_NUMBERS, FILES
from ingestion.source import Source

Verdict = Literal["accept", "reject"]

_TABLE = (
    FILE_NUMBERS
    + """
create table if not exists raw.decisions (
    decision_no integer primary key default nextval('raw.file_numbers'),
    file_no integer not null,
    verdict text not null check (verdict in ('accept', 'reject')),
    remark text not null,
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp()
);
comment on table raw.decisions is 'One row per decision on a landed file; of a file the newest counts';
"""
)


@dataclass(frozen=True)
class Landed:
    """What the ledger of its source says of a file."""

    source: str
    dataset: str
    file_name: str


def make_table(connection: Connection) -> None:
    """Makes `raw.decisions` unless it is there."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.decisions') is not null")
        if cursor.fetchone() == (True,):
            return
    with connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)


def decide(
    connection: Connection, file_no: int, verdict: Verdict, decided_by: str, remark: str
) -> Verdict | None:
    """Writes a decision down, and commits. Returns the newest verdict on the file until then, if any."""
    make_table(connection)
    with connection, connection.cursor() as cursor:
        commit_durably(connection)
        cursor.execute(
            "select verdict from raw.decisions where file_no = %s order by decision_no desc limit 1",
            (file_no,),
        )
        before = cursor.fetchone()
        cursor.execute(
            "insert into raw.decisions (file_no, verdict, remark, decided_by) values (%s, %s, %s, %s)",
            (file_no, verdict, remark, decided_by),
        )
    return before[0] if before else None


def landed_file(connection: Connection, sources: Iterable[Source], file_no: int) -> Landed:
    """The file that has this number. Raises OntimeError when none has."""
    with connection, connection.cursor() as cursor:
        for source in sources:
            for ledger in FILES:
                cursor.execute("select to_regclass(%s) is not null", (f"{source.raw_schema}.{ledger}",))
                if cursor.fetchone() != (True,):
                    continue
                of_file = sql.SQL("select dataset, file_name from {} where file_no = %s")
                cursor.execute(of_file.format(sql.Identifier(source.raw_schema, ledger)), (file_no,))
                if (found := cursor.fetchone()) is not None:
                    return Landed(source.name, *found)
    raise OntimeError(
        f"there is no file {file_no}",
        'see which there are: ontime sql "select file_no, file_name from marts.audit_row_ledger"',
    )
