"""The ledger of a raw schema: `files` says what was read, when, and how many rows went where; `rejects` keeps
the records that could not land. `lake_files` and `lake_rejects` are the same of files whose rows are in the
lake alone (lake.py): what reads `files` finds all of its rows in Postgres.

All SQL on these tables is here. The unique `file_id` makes a repeated file a no-op whatever its name, also
between two processes; the check keeps the sums in balance. A content that the other of the two has is found
by who holds the lock of the schema (locks.py).
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import IO, Any, Literal

from psycopg2 import sql

from ingestion.database import Connection, columns_there
from ingestion.report import FileReport

FILE_NUMBERS = """
-- one series of numbers for all sources, so that a number alone names a file; two sources may be made at once
select pg_advisory_xact_lock(hashtextextended('ontime file numbers', 0));
create schema if not exists raw;
create sequence if not exists raw.file_numbers as integer;
"""

_TABLES = (
    FILE_NUMBERS
    + """
create schema if not exists {schema};

create table {schema}.files (
    file_no integer primary key,
    file_id text not null unique,
    dataset text not null,
    file_name text not null,
    bytes bigint not null,
    rows_seen bigint not null,
    rows_landed bigint not null,
    rows_rejected bigint not null,
    received_at timestamptz not null default clock_timestamp(),
    load_id text not null,
    location text,
    columns text,
    request text,
    rows_unchanged bigint not null default 0,
    encoding text,
    constraint files_check check (rows_seen = rows_landed + rows_rejected + rows_unchanged)
);
comment on table {schema}.files is 'One row per content that has landed, and how many of its rows went where';
comment on column {schema}.files.file_id is
    'sha256 of the content, unpacked; with -2 and so on where it was there, and was read in another encoding';
comment on column {schema}.files.bytes is 'Size of the content, unpacked';
comment on column {schema}.files.load_id is 'Load of dlt that landed the file, see _dlt_loads';
comment on column {schema}.files.location is 'Where it came from: path or address, archive.zip!member.csv';
comment on column {schema}.files.columns is 'Columns that landed, as in the file, separated by commas';
comment on column {schema}.files.request is 'What was asked of an API or a database, empty for files';
comment on column {schema}.files.encoding is 'What its text is written in; a byte that does not fit is \\xNN';
comment on column {schema}.files.rows_unchanged is 'Records of a table read that say what is there already';

create table {schema}.rejects (
    file_no integer not null references {schema}.files,
    record_no integer not null,
    reason text not null,
    original bytea not null,
    raw_text text not null,
    primary key (file_no, record_no)
);
comment on table {schema}.rejects is 'One row per record that could not land: where it stood, why, its bytes';
comment on column {schema}.rejects.raw_text is 'The bytes as text; what is not UTF-8, and NUL, as \\xNN';
"""
)

_TABLES_OF_LAKE = """
create table {schema}.lake_files (like {schema}.files including all);
comment on table {schema}.lake_files is 'As `files`, of those whose rows are in the lake alone';
create table {schema}.lake_rejects (
    like {schema}.rejects including all,
    foreign key (file_no) references {schema}.lake_files
);
comment on table {schema}.lake_rejects is 'As `rejects`, of files whose rows are in the lake alone';
"""

Place = Literal["postgres", "lake"]
"""Where the rows of a file are. Its ledger is in Postgres."""

# What an older ledger lacks: columns, empty, and that unchanged rows count.
_LATER_COLUMNS = {
    "location": "add column location text",
    "columns": "add column columns text",
    "request": "add column request text",
    "encoding": "add column encoding text",
    "rows_unchanged": """
        add column rows_unchanged bigint not null default 0,
        drop constraint files_check,
        add constraint files_check check (rows_seen = rows_landed + rows_rejected + rows_unchanged)
    """,
}


@dataclass(frozen=True)
class Entry:
    """One row of `files`. `location`, `columns` and `encoding` are unknown where the ledger is older.

    `request` is that of request_text.py; plain files have none. `rows_unchanged` are those of a table
    read that say what is there already, see difference.py.
    """

    file_no: int
    file_id: str
    dataset: str
    file_name: str
    bytes: int
    rows_seen: int
    rows_landed: int
    rows_rejected: int
    load_id: str
    location: str | None
    columns: str | None
    request: str | None
    rows_unchanged: int = 0
    encoding: str | None = None

    @property
    def content_id(self) -> str:
        """The sha256 of its content."""
        return self.file_id[:_DIGITS]

    @property
    def reading(self) -> int:
        """Which reading of its content it is, see file_id_of."""
        return int(self.file_id[_DIGITS + 1 :] or 1)

    def report(
        self,
        state: Literal["landed", "already there"],
        file_name: str,
        seconds: float = 0.0,
        form: str = "",
        warnings: tuple[str, ...] = (),
    ) -> FileReport:
        """The report of a file whose content this is, perhaps under another name."""
        return FileReport(
            file_name,
            state,
            dataset=self.dataset,
            file_no=self.file_no,
            rows_seen=self.rows_seen,
            rows_landed=self.rows_landed,
            rows_rejected=self.rows_rejected,
            rows_unchanged=self.rows_unchanged,
            seconds=seconds,
            form=form,
            warnings=warnings,
        )


_FILES = (*(field.name for field in fields(Entry)), "received_at")
_REJECTS = ("file_no", "record_no", "reason", "original", "raw_text")

LEDGER: dict[str, tuple[str, ...]] = {
    "files": _FILES,
    "rejects": _REJECTS,
    "lake_files": _FILES,
    "lake_rejects": _REJECTS,
}
"""The tables of a ledger and their columns."""

FILES = ("files", "lake_files")
"""Those of files."""

_TABLES_OF: dict[Place, tuple[str, str]] = {
    "postgres": ("files", "rejects"),
    "lake": ("lake_files", "lake_rejects"),
}

_DIGITS = 64  # of a sha256


def file_id_of(content_id: str, reading: int) -> str:
    """The id of the first reading of a content, and of later ones, in other encodings, which supersede it."""
    return content_id if reading == 1 else f"{content_id}-{reading}"


_COLUMNS = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(Entry))


class Ledger:
    """The ledger of one raw schema, for files with rows at `place`, on one connection. Commits nothing."""

    def __init__(self, connection: Connection, schema: str, place: Place = "postgres") -> None:
        self.place = place
        self._connection = connection
        self._schema = schema
        self._files, self._rejects = (sql.Identifier(schema, table) for table in _TABLES_OF[place])

    @property
    def other(self) -> "Ledger":
        """That of the other place."""
        return Ledger(self._connection, self._schema, "lake" if self.place == "postgres" else "postgres")

    def create(self) -> None:
        """Makes schema and tables unless they are there, and adds the columns that an older ledger lacks."""
        there = columns_there(self._connection, self._schema)
        if "rejects" not in there:
            self._execute(_TABLES)
        else:
            for column, addition in _LATER_COLUMNS.items():
                if column not in there["files"]:
                    self._execute(f"alter table {{schema}}.files {addition}")
        if "lake_rejects" not in there:
            self._execute(_TABLES_OF_LAKE)

    def find(self, content_id: str) -> Entry | None:
        """The file with this content, if it has landed; of several readings of it, the last one."""
        rows = self._execute(
            "select {columns} from {files}"
            " where exists (select from {files} where file_id = %s) and starts_with(file_id, %s)"
            " order by file_no desc limit 1",
            (content_id, content_id),
        )
        return Entry(*rows[0]) if rows else None

    def numbered(self, file_no: int) -> Entry | None:
        """The file with this number, if it has landed."""
        rows = self._execute("select {columns} from {files} where file_no = %s", (file_no,))
        return Entry(*rows[0]) if rows else None

    def forget_rows(self, entry: Entry) -> None:
        """Removes the rows, if they are in Postgres, and rejects of a file, which are about to land again."""
        tables = [sql.Identifier(self._schema, entry.dataset)] if self.place == "postgres" else []
        for of_file in (*tables, self._rejects):
            self._execute("delete from {table} where file_no = %s", (entry.file_no,), table=of_file)

    def has_size(self, size: int) -> bool:
        """Whether a landed file has so many bytes: only a file of such a size can be a repeated one."""
        return bool(self._execute("select 1 from {files} where bytes = %s limit 1", (size,)))

    def datasets(self) -> set[str]:
        """The datasets of which files have landed."""
        return {dataset for (dataset,) in self._execute("select distinct dataset from {files}")}

    def file_nos(self) -> set[int]:
        """The numbers of all files."""
        return {file_no for (file_no,) in self._execute("select file_no from {files}")}

    def requests(self) -> list[str]:
        """What was asked for the files that have landed."""
        rows = self._execute("select request from {files} where request is not null order by file_no")
        return [request for (request,) in rows]

    def reserve_file_nos(self, count: int) -> list[int]:
        """Rising numbers for files that are about to land; that of one that does not land stays unused."""
        rows = self._execute("select nextval('raw.file_numbers') from generate_series(1, %s)", (count,))
        return [file_no for (file_no,) in rows]

    def enter(self, entry: Entry) -> Entry | None:
        """Writes a file into the ledger, or returns the file that is there with the same content.

        Waits for another transaction that is landing the same content.
        """
        entered = self._execute(
            "insert into {files} ({columns}) values %s on conflict (file_id) do nothing returning file_no",
            (astuple(entry),),
        )
        return None if entered else self.find(entry.content_id)

    def copy_rejects(self, lines: IO[bytes]) -> None:
        """Adds rejects from lines of CSV: the columns of the table, `original` as `\\x` and digits."""
        copy_rejects(self._connection, self._rejects, lines)

    def take_rejects(self, table: sql.Identifier) -> None:
        """Adds the rejects of another table with the same columns."""
        self._execute("insert into {rejects} select * from {table}", table=table)

    def newest(self, datasets: Sequence[str]) -> int:
        """The highest number of a file of these datasets, 0 when none has landed."""
        ((file_no,),) = self._execute(
            "select coalesce(max(file_no), 0) from {files} where dataset = any(%s)", (list(datasets),)
        )
        return int(file_no)

    def request_of(self, file_no: int) -> str | None:
        """What was asked for a file; None when there is no such file, or it is no answer."""
        found = self._execute("select request from {files} where file_no = %s", (file_no,))
        return found[0][0] if found else None

    def rows_seen(self, file_no: int) -> int:
        """The records of a file, 0 when there is no such file."""
        found = self._execute("select rows_seen from {files} where file_no = %s", (file_no,))
        return int(found[0][0]) if found else 0

    def last_request(self, dataset: str, field: str) -> str | None:
        """The last request of a dataset that has a field, as `until`; None when there is none."""
        found = self._execute(
            "select request from {files} where dataset = %s and request ~ %s order by file_no desc limit 1",
            (dataset, f"(^|&){field}="),
        )
        return found[0][0] if found else None

    def _execute(
        self, statement: str, values: tuple[object, ...] = (), **names: sql.Composable
    ) -> list[tuple[Any, ...]]:
        """Runs a statement in which names are filled in: `{schema}`, `{files}`, `{rejects}`, and `{columns}`,
        those of files.
        """
        names |= {"schema": sql.Identifier(self._schema), "columns": _COLUMNS}
        composed = sql.SQL(statement).format(files=self._files, rejects=self._rejects, **names)
        with self._connection.cursor() as cursor:
            cursor.execute(composed, values)
            return cursor.fetchall() if cursor.description else []


def copy_rejects(connection: Connection, table: sql.Identifier, lines: IO[bytes]) -> None:
    """Copies rejects from lines of CSV into a table with the columns of `rejects`."""
    statement = sql.SQL("copy {} from stdin (format csv, encoding 'UTF8')").format(table)
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, lines)
