"""Lands one file in one transaction: rows, rejects and ledger row are there together or not at all.

In the lake too: the rows are complete there before the transaction ends, and count for nothing until then.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, TYPE_CHECKING, Literal, cast

import psycopg2
from psycopg2 import sql
from psycopg2.errors import ProgramLimitExceeded, QueryCanceled

from ingestion.database import Connection, commit_durably, disk_full, first_line
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, changed, is_ascii
from ingestion.forms.encoding import UTF_8, are_alike
from ingestion.forms.headers import NAMELESS
from ingestion.forms.planned_file import Comparison, PlannedFile
from ingestion.forms.records import Clean, Reject, fields_of
from ingestion.forms.tabular.tables import Table, open_table
from ingestion.landing.difference import READ_REJECTS, READ_ROWS, TableRead
from ingestion.landing.ledger import Entry, Ledger, copy_rejects, file_id_of
from ingestion.landing.one_month import OneMonth
from ingestion.report import FileReport
from ingestion.source import FILE_NO, RECORD_NO

if TYPE_CHECKING:
    from ingestion.landing.lake import Lake

_WITHHELD = "its text is withheld, for the file holds personal data"
_REJECTS_IN_MEMORY = 1 << 20  # bytes; more of them wait in a temporary file until the rows are copied


def land(
    connection: Connection,
    schema: str,
    file: PlannedFile,
    load_id: str,
    read_so_far: Callable[[int], None],
    lake: "Lake | None" = None,
) -> FileReport:
    """Lands a file in the table of its dataset, which exists, or in a lake, and commits.

    A content that is there already, or that another transaction lands meanwhile, changes nothing; nor does
    the read of a table that says what is there. `read_so_far` is told how many bytes of the file on disk have
    been read. Raises OntimeError for a file that cannot land, also where disks are full, and psycopg2.Error
    for what else the server refuses; nothing of the file stays then.
    """
    started = time.monotonic()
    with Content(file.data, read_so_far) as content:
        if content.state != file.state:
            raise changed(file.data)
        try:
            return _land(connection, schema, file, load_id, content, lake, started)
        except ProgramLimitExceeded as error:
            raise OntimeError(
                f"{file.data.location}: a record is too wide for Postgres, which keeps one in 8 kB, some 450"
                f" filled columns: {first_line(error)}",
                "turn columns into records, or split the file by columns",
            ) from None
        except psycopg2.Error as error:
            if (full := disk_full(error)) is None:
                raise
            raise _no_room(file, "where Postgres keeps its data", full) from None
        except OSError as error:  # reading the file raises OntimeError
            raise _no_room(file, f"for its rejects in {gettempdir()}", error) from None


def _land(
    connection: Connection,
    schema: str,
    file: PlannedFile,
    load_id: str,
    content: Content,
    lake: "Lake | None",
    started: float,
) -> FileReport:
    state: Literal["landed", "already there"] = "landed"
    rejected_still = 0
    table = table_of(file, content)
    try:
        with connection:
            commit_durably(connection)
            if lake is None:
                entry, rejected_still = _copy(connection, schema, file, load_id, content, table)
            else:
                entry = _write(connection, schema, file, load_id, content, table, lake)
    except _AlreadyThere as found:
        entry, state = found.entry, "already there"
    except _NoNews as found:
        seconds = time.monotonic() - started
        warnings = (*file.warnings, *_rejected_still(file, schema, found.rejects))
        return FileReport.of_no_news(file.data.name, file.dataset.name, found.rows, seconds, warnings)
    seconds = time.monotonic() - started
    warnings = (
        *file.warnings,
        *table.warnings(file.data.name),
        *_rejected_still(file, schema, rejected_still),
    )
    return entry.report(state, file.data.name, seconds, file.dataset.form, warnings)


def land_again(
    connection: Connection, schema: str, file: PlannedFile, entry: Entry, lake: "Lake | None" = None
) -> FileReport:
    """Replaces rows and rejects of a file by those of its content, which is that of the ledger, and commits.

    `lake` is where its rows are, if they are not in Postgres. The ledger's row stays. Raises OntimeError when
    the file no longer gives as many rows and rejects as the ledger says, or the lake refuses, and
    psycopg2.Error for what the server refuses; nothing has changed then.
    """
    started = time.monotonic()
    ledger = Ledger(connection, schema, "postgres" if lake is None else "lake")
    with (
        Content(file.data) as content,
        SpooledTemporaryFile(max_size=_REJECTS_IN_MEMORY) as rejects,
        connection,
        ExitStack() as to_lake,
    ):
        commit_durably(connection)
        ledger.forget_rows(entry)
        rows = SoundRows(file, records_of(file, table_of(file, content)), rejects)
        if lake is None:
            _copy_rows(connection, sql.Identifier(schema, entry.dataset), file, rows)
        else:
            to_lake.enter_context(_written(lake, schema, file, rows))
            lake.forget_told(schema, entry.dataset)
        rejects.seek(0)
        ledger.copy_rejects(rejects)
        if content.file_id != entry.content_id:
            raise changed(file.data)
        if (rows.landed, rows.rejected) != (entry.rows_landed, entry.rows_rejected):
            raise OntimeError(
                f"{file.data.location}: gives {rows.landed:,} rows and {rows.rejected:,} rejects, and gave"
                f" {entry.rows_landed:,} and {entry.rows_rejected:,} when it landed",
                "repair it with the version of ontime that landed it",
            )
    return entry.report("landed", entry.file_name, time.monotonic() - started, file.dataset.form)


class SoundRows:
    """The sound records of a file with their lineage, as CSV in a file to read from.

    The others go to `rejects` on the way, as lines of CSV. The columns are `record_no`, those of the file,
    `file_no`.
    """

    def __init__(self, file: PlannedFile, found: Iterator[Clean | Reject], rejects: IO[bytes]) -> None:
        self.landed = 0
        self.rejected = 0
        self.first_reject: Reject | None = None
        self.error: Exception | None = None  # psycopg2 hides what `read` raises
        self._found = found
        self._rejects = rejects
        self._file_no = file.file_no
        self._is_personal = file.dataset.personal
        self._kept = _kept_fields(file)
        self._one_month = OneMonth(file) if file.dataset.one_month else None
        own_comma = file.ends_with_comma and not self._kept
        self._end_of_row = (b"%d\n" if own_comma else b",%d\n") % file.file_no

    def read(self, _size: int = -1) -> bytes:
        """The next rows, as many as come at once; none at the end."""
        try:
            for found in self._found:
                if isinstance(found, Clean):
                    return self._lines(found)
                self._set_aside(found)
        except Exception as error:
            self.error = error
            raise
        return b""

    def _lines(self, clean: Clean) -> bytes:
        """`record_no,<record>,file_no` for each record."""
        if self._one_month is not None:
            self._one_month.check(clean)
        if self._kept:
            clean = Clean(clean.first_record_no, [self._without_others(record) for record in clean.records])
        self.landed += clean.count
        # one text with a place for each number, which are filled in together: half the time of joining pieces
        text = clean.text.replace(b"%", b"%%") if b"%" in clean.text else clean.text
        rows = text[: -len(clean.end)].replace(clean.end, self._end_of_row + b"%d,")
        numbers = tuple(range(clean.first_record_no, clean.first_record_no + clean.count))
        return b"".join((b"%d,", rows, self._end_of_row)) % numbers

    def _without_others(self, record: bytes) -> bytes:
        """The record with those of its fields that land."""
        fields = fields_of(record)
        return b",".join([fields[position] for position in self._kept])

    def _set_aside(self, reject: Reject) -> None:
        self.rejected += 1
        if self._is_personal:
            reject = Reject(reject.record_no, f"{reject.reason} ({_WITHHELD})", b"")
        self.first_reject = self.first_reject or reject
        text = _as_text(reject.original).replace('"', '""')
        line = f'{self._file_no},{reject.record_no},"{reject.reason}",\\x{reject.original.hex()},"{text}"\n'
        self._rejects.write(line.encode())


def _kept_fields(file: PlannedFile) -> list[int]:
    """Positions of the fields that land, none when all do but a nameless last one."""
    named = [name for name in file.fields if name != NAMELESS]
    return [] if len(file.columns) == len(named) else [file.fields.index(name) for name in file.columns]


def _as_text(original: bytes) -> str:
    """The bytes without the line end as text; what is not UTF-8, and NUL, as `\\xNN`."""
    return original.rstrip(b"\r\n").decode(errors="backslashreplace").replace("\0", "\\x00")


class _AlreadyThere(Exception):  # noqa: N818
    """No error but a way out of the transaction: the content is in the ledger as `entry`."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry


class _NoNews(Exception):  # noqa: N818
    """No error but a way out of the transaction: so many rows of a table read, and rejects, are as before."""

    def __init__(self, rows: int, rejects: int) -> None:
        self.rows = rows
        self.rejects = rejects


def _rejected_still(file: PlannedFile, schema: str, count: int) -> Iterator[str]:
    """What is told of rows of a table that could not land before, and are as they were then."""
    if count:
        yield (
            f"{file.data.name}: {count:,} rows cannot land, as before; what landed of them earlier counts:"
            f" select * from {schema}.rejects"
        )


def _copy(
    connection: Connection, schema: str, file: PlannedFile, load_id: str, content: Content, table: Table
) -> tuple[Entry, int]:
    """Copies rows and rejects and enters the file into the ledger.

    Returns how many rejects were there before as well. Raises as `land`, _AlreadyThere and _NoNews.
    """
    if file.comparison is not None:
        return _copy_difference(connection, schema, file, file.comparison, load_id, content, table)
    ledger = Ledger(connection, schema)
    with SpooledTemporaryFile(max_size=_REJECTS_IN_MEMORY) as rejects:
        rows = SoundRows(file, records_of(file, table), rejects)
        _copy_rows(connection, sql.Identifier(schema, file.dataset.name), file, rows)
        if not rows.landed and (rows.rejected or not file.dataset.may_be_empty):
            raise _no_sound_record(file, rows)
        entry = _enter(ledger, file, load_id, content, table, rows, rows.landed, rows.rejected)
        rejects.seek(0)
        ledger.copy_rejects(rejects)
    return entry, 0


def _write(
    connection: Connection,
    schema: str,
    file: PlannedFile,
    load_id: str,
    content: Content,
    table: Table,
    lake: "Lake",
) -> Entry:
    """As `_copy`, with the rows in the lake."""
    ledger = Ledger(connection, schema, "lake")
    with SpooledTemporaryFile(max_size=_REJECTS_IN_MEMORY) as rejects:
        rows = SoundRows(file, records_of(file, table), rejects)
        with _written(lake, schema, file, rows):
            if not rows.landed and (rows.rejected or not file.dataset.may_be_empty):
                raise _no_sound_record(file, rows)
            entry = _enter(ledger, file, load_id, content, table, rows, rows.landed, rows.rejected)
            rejects.seek(0)
            ledger.copy_rejects(rejects)
    return entry


@contextmanager
def _written(lake: "Lake", schema: str, file: PlannedFile, rows: SoundRows) -> Iterator[None]:
    """Rows of a file are written to the lake, and get their name at the end; none stay after an error."""
    from ingestion.landing.lake import batches_of_lines, schema_of  # only here: pyarrow takes long to import

    place = lake.rows_of(schema, file.dataset.name, file.file_no)
    try:
        try:
            place.write(schema_of(file.columns), batches_of_lines(rows.read, file.columns))
        except OntimeError:
            if rows.error is not None:
                raise rows.error from None
            raise
        yield
        place.finish()
    except BaseException:
        with suppress(OntimeError):  # the first one tells; the next load sweeps what stays
            place.remove_unfinished()
        raise


def _copy_difference(
    connection: Connection,
    schema: str,
    file: PlannedFile,
    comparison: Comparison,
    load_id: str,
    content: Content,
    table: Table,
) -> tuple[Entry, int]:
    """As `_copy`, of the read of a table: what says the same as the rows and rejects there stays out."""
    ledger = Ledger(connection, schema)
    read = TableRead(connection, schema, file.dataset.name, comparison)
    with SpooledTemporaryFile(max_size=_REJECTS_IN_MEMORY) as rejects:
        rows = SoundRows(file, records_of(file, table), rejects)
        _copy_rows(connection, READ_ROWS, file, rows)
        rejects.seek(0)
        copy_rejects(connection, READ_REJECTS, rejects)
    news = read.land(file.data.location)
    rejected_still = rows.rejected - news.rejects
    if not news.differs:
        raise _NoNews(rows.landed + rows.rejected, rejected_still)
    entry = _enter(ledger, file, load_id, content, table, rows, news.rows, news.rejects)
    ledger.take_rejects(READ_REJECTS)
    return entry, rejected_still


def _enter(
    ledger: Ledger,
    file: PlannedFile,
    load_id: str,
    content: Content,
    table: Table,
    rows: SoundRows,
    landed: int,
    rejected: int,
) -> Entry:
    """Enters a file into the ledger, of which so many records landed or were rejected; others are unchanged.

    Raises _AlreadyThere when its content is in the ledger.
    """
    seen = rows.landed + rows.rejected
    entry = Entry(
        file_no=file.file_no,
        file_id=file_id_of(content.file_id, file.reading),
        dataset=file.dataset.name,
        file_name=file.data.name,
        location=file.data.location,
        columns=",".join(file.columns),
        encoding=table.encoding,
        request=file.data.request,
        bytes=content.size,
        rows_seen=seen,
        rows_landed=landed,
        rows_rejected=rejected,
        rows_unchanged=seen - landed - rejected,
        load_id=load_id,
    )
    if (other := ledger.enter(entry)) is not None:
        raise _AlreadyThere(other)
    return entry


def table_of(file: PlannedFile, content: Content) -> Table:
    """The table of a file, read up to its header. Raises OntimeError when that is not the planned one."""
    table = open_table(content.read, file.data.location, file.data.sheet, file.data.encoding)
    if file.header is not None and tuple(table.header()) != file.header:
        raise changed(file.data)
    return table


def other_encoding(file: PlannedFile, entry: Entry) -> str | None:
    """The encoding that the user named for a content that is there, and was read otherwise; else None."""
    if file.data.encoding is None:
        return None
    with Content(file.data) as content:
        encoding = table_of(file, content).encoding
    if encoding is None or are_alike(encoding, entry.encoding or UTF_8, partial(is_ascii, file.data)):
        return None  # no text, or the same one
    return encoding


def records_of(file: PlannedFile, table: Table) -> Iterator[Clean | Reject]:
    """The records of a file whose table was opened."""
    return table.records(len(file.fields), last_is_empty=file.ends_with_comma)


def _copy_rows(connection: Connection, table: sql.Identifier, file: PlannedFile, rows: SoundRows) -> None:
    statement = sql.SQL("copy {table} ({columns}) from stdin (format csv, encoding 'UTF8')").format(
        table=table,
        columns=sql.SQL(", ").join(map(sql.Identifier, (RECORD_NO, *file.columns, FILE_NO))),
    )
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert(statement, cast(IO[bytes], rows))
    except QueryCanceled:
        if rows.error is not None:
            raise rows.error from None
        raise


def _no_room(file: PlannedFile, where: str, error: BaseException) -> OntimeError:
    return OntimeError(
        f"{file.data.location}: no room {where}: {first_line(error)}", "make room there, then load it again"
    )


def _no_sound_record(file: PlannedFile, rows: SoundRows) -> OntimeError:
    if rows.first_reject is None:
        return OntimeError(
            f"{file.data.location}: the file has a header and no records",
            f"fetch the file again; as a new release it would empty {file.dataset.name}, and is refused",
        )
    first = f"record {rows.first_reject.record_no}: {rows.first_reject.reason}"
    return OntimeError(
        f"{file.data.location}: none of its {rows.rejected:,} records can land, beginning with {first}",
        "check that the file belongs to its header: separators and quotes",
    )
