"""After `ontime rollback`: what was built would publish again what readers were brought back from.

A build looks here first (build.py). It goes on when somebody has decided: about a file that came with what
was rolled back, by other code where no file came with it, or by `--again`. Else it publishes nothing, and
says what there is to decide. The state of builds stays as it is meanwhile: it says what stands built.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg2.extensions
from psycopg2 import sql

from ingestion.errors import OntimeError

Cursor = psycopg2.extensions.cursor

VERSIONS = "model.ontime.int_months__versions"
"""What runs in any case: it compares months with what readers see, and so their tests run again."""

AGAIN = "--again"

# The column came later than the table.
_LAST = """
    with publications as (
        select *, (to_jsonb(it) ->> 'rolled_back_to')::integer as target from past.publications as it
    ),
    built as (
        select publication, since from publications where target is null order by publication desc limit 1
    ),
    rollbacks as (
        select publications.publication, target, min(published_at) over () as began_at
        from publications inner join built on publications.publication > built.publication
    )
    select built.publication, built.since, rollbacks.target, rollbacks.began_at, shown.since
    from rollbacks
    cross join built
    left join publications as shown on shown.publication = rollbacks.target
    where rollbacks.target <> built.publication
        and rollbacks.publication = (select max(publication) from publications)
"""
_LEDGER = "select file_no, file_name from {}.audit_row_ledger"
_DECIDED = "select distinct file_no from raw.decisions where decided_at > %s and file_no = any(%s) order by 1"

MOST_FILES = 5


@dataclass(frozen=True)
class RolledBack:
    """What the last build published, and what readers see instead of it since `began_at`.

    `files` are those that count in what was published and not in what readers see, by number; `decided` those
    of them on which somebody decided since.
    """

    publication: int
    target: int
    began_at: datetime
    files: dict[int, str]
    decided: Sequence[int]

    def __str__(self) -> str:
        return f"publication {self.publication} was rolled back to {self.target}"

    @property
    def what_came(self) -> str:
        """The files that it had more than what readers see."""
        named = [f"file {no} ({name})" for no, name in list(self.files.items())[:MOST_FILES]]
        more = len(self.files) - len(named)
        return ", ".join([*named, *([f"{more} more"] if more else [])]) or "other code, and no file"

    def refusal(self, *, is_other_code: bool) -> OntimeError | None:
        """The error with which a build ends that would publish it again; None where somebody has decided."""
        if self.decided or (is_other_code and not self.files):
            return None
        mend = f"ontime reject {next(iter(self.files))}" if self.files else "mend the code"
        return OntimeError(
            f"{self} at {self.began_at:%Y-%m-%d %H:%M} UTC; a build would publish again what came with it:\n"
            f"  {self.what_came}",
            f"{mend}, then: ontime build\n"
            f"  -> or, where it was right, or what came since has mended it: ontime build {AGAIN}\n"
            f"  -> or back to it at once, without a build: ontime rollback --to {self.publication}",
        )


def in_force(cursor: Cursor) -> RolledBack | None:
    """What was rolled back, where readers see something earlier than what was built last."""
    cursor.execute("select to_regclass('past.publications') is not null")
    if cursor.fetchone() != (True,):
        return None
    cursor.execute(_LAST)
    found = cursor.fetchone()
    if found is None:
        return None
    publication, built_form, target, began_at, shown_form = found
    files = _files(cursor, publication, built_form)
    shown = _files(cursor, target, shown_form)
    came = {no: name for no, name in files.items() if no not in shown}
    cursor.execute(_DECIDED, [began_at, list(came)])
    return RolledBack(publication, target, began_at, came, [no for (no,) in cursor.fetchall()])


def _files(cursor: Cursor, publication: int, form: int | None) -> dict[int, str]:
    """The files of a publication's ledger; none where its views are gone."""
    schema = f"marts_as_of_{form}"
    cursor.execute("select to_regclass(%s) is not null", [f"{schema}.audit_row_ledger"])
    if cursor.fetchone() != (True,):
        return {}
    cursor.execute("select set_config('ontime.publication', %s, true)", [str(publication)])
    cursor.execute(sql.SQL(_LEDGER).format(sql.Identifier(schema)))
    return dict(sorted(cursor.fetchall()))
