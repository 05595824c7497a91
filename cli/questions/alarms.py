"""What a person should look at: held files, rejected rows, values that are missing where they never were.

Read from what is published, after a publication of what it changed, and in `ontime status` of everything.
"""

from contextlib import closing
from dataclasses import dataclass

import psycopg2.extensions

from cli.server.connections import connection
from ingestion.errors import OntimeError

WIDTH = 100
MOST = 10

FILES = "select file_no from marts.audit_row_ledger"
MONTHS = """
    select data_month, md5(string_agg(version_id::text, ',' order by model_name))
    from marts.month_versions where known_to_utc is null group by data_month
"""
ARE_THERE = "select to_regclass('marts.audit_held_files') is not null"
"""Whether this version of ontime has published; older ones know of no alarms."""

# The most important first: a whole file that does not count, then rows, then values.
ALARMS = """
    select
        'held file', 'file ' || file_no || ' ' || file_name, coalesce(months, ''), reason, next_command,
        1 as importance, rows_of_months::numeric as size
    from marts.audit_held_files
    where standing = 'held'
    union all
    select
        'rejected rows', 'file ' || ledger.file_no || ' ' || ledger.file_name,
        concat_ws(' to ', rejects.first_month, nullif(rejects.last_month, rejects.first_month)),
        ledger.rows_rejected || ' of ' || ledger.rows_seen || ' records, one since ' || rejects.reason,
        'ontime sql "select * from marts.audit_rejects where file_no = ' || ledger.file_no || '"',
        2, ledger.rows_rejected
    from marts.audit_row_ledger as ledger
    cross join lateral (
        select
            min(reason) as reason,
            min(left(data_month::text, 7)) as first_month,
            max(left(data_month::text, 7)) as last_month
        from marts.audit_rejects
        where audit_rejects.file_no = ledger.file_no
    ) as rejects
    left join marts.audit_held_files as held on held.file_no = ledger.file_no and held.standing = 'held'
    where ledger.rows_rejected > 0 and held.file_no is null
        and (%(known_files)s::integer[] is null or ledger.file_no <> all (%(known_files)s))
    union all
    select
        'missing values', column_name, left(flight_month::text, 7),
        round(observed, 1) || ' %% of the values, usual are at most ' || round(expected_high, 1) || ' %%',
        'ontime sql "select * from marts.audit_missing_values where is_outside"',
        3, observed - expected
    from marts.audit_missing_values
    where is_outside and (%(changed_months)s::date[] is null or flight_month = any (%(changed_months)s))
    order by importance, size desc nulls last, 2, 3
"""


@dataclass(frozen=True)
class Alarm:
    """One line of the table: what kind it is, of which file or column, for which months, and what to do."""

    kind: str
    subject: str
    months: str
    told: str
    next_command: str


@dataclass(frozen=True)
class Published:
    """What was published at a moment: the files that it accounts for, and what its months are made of."""

    files: frozenset[int]
    months: frozenset[tuple[object, str]]


def published() -> Published | None:
    """What is published now; None where nothing is, or nobody can be asked."""
    try:
        opened = connection("transformer").connect()
    except OntimeError:
        return None
    with closing(opened), opened.cursor() as cursor:
        if not _are_there(cursor):
            return None
        cursor.execute(FILES)
        files = frozenset(file_no for (file_no,) in cursor.fetchall())
        cursor.execute(MONTHS)
        return Published(files, frozenset(cursor.fetchall()))


def alarms(before: Published | None = None) -> list[Alarm]:
    """All alarms of what is published; with `before`, of the files and months that changed since.

    A file that is held is told of again and again, until somebody decides.
    """
    now = published()
    if now is None or now == before:
        return []
    changed = None if before is None else [month for month, _ in now.months - before.months]
    known = None if before is None else sorted(before.files)
    with closing(connection("transformer").connect()) as opened, opened.cursor() as cursor:
        cursor.execute(ALARMS, {"known_files": known, "changed_months": changed})
        return [Alarm(*row[:5]) for row in cursor.fetchall()]


def as_table(found: list[Alarm]) -> str:
    """The most important ones as a table of at most 100 columns; an empty text where there are none."""
    if not found:
        return ""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left", width=WIDTH)
    for name, width in {"alarm": 17, "of": 22, "months": 18, "what and what next": None}.items():
        table.add_column(name, width=width, overflow="fold")
    for alarm in found[:MOST]:
        table.add_row(alarm.kind, alarm.subject, alarm.months, f"{alarm.told}\n-> {alarm.next_command}")
    console = Console(width=WIDTH, highlight=False, markup=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
        if len(found) > MOST:
            more = (
                f"and {len(found) - MOST} more: marts.audit_held_files, audit_rejects, audit_missing_values"
            )
            console.print(more)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


def _are_there(cursor: psycopg2.extensions.cursor) -> bool:
    cursor.execute(ARE_THERE)
    return cursor.fetchone() == (True,)
