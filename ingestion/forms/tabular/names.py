"""Names of tables and columns that need no quotes in SQL, from whatever a file and its header say."""

from collections.abc import Collection, Sequence
from hashlib import sha256

from slugify import slugify

from ingestion.errors import OntimeError
from ingestion.forms.headers import column_name
from ingestion.source import OWN_TABLES, TAKEN_COLUMNS, names

LONGEST_TABLE = 40  # characters: dbt writes `stg_files__<name>__dbt_backup` into the 63 of Postgres
LONGEST_COLUMN = 45  # characters: what stands before and behind a name in staging fits as well
MOST_COLUMNS = 1_500  # Postgres stops at 1,600

_TAKEN_COLUMNS = {*TAKEN_COLUMNS, "reject_reason", "raw_text"}  # what staging adds, too

# Keywords that Postgres or Spark do not take for a name; a test asks the server for its own.
RESERVED = frozenset(
    names(
        """
        all analyse analyze and any anti array as asc asymmetric authorization between binary both
        case cast check collate collation column concurrently constraint create cross
        current_catalog current_date current_role current_schema current_time current_timestamp
        current_user default deferrable desc distinct do else end escape except false fetch filter
        for foreign freeze from full function grant group having ilike in initially inner intersect
        into is isnull join lateral leading left like limit localtime localtimestamp minus natural
        not notnull null offset on only or order outer overlaps placing primary references returning
        right select semi session_user similar some symmetric system_user table tablesample then to
        trailing true union unique unknown user using variadic verbose when where window with within
        """
    )
)


def table_name(file_name: str, suffixes: Sequence[str], sheet: str | None = None) -> str:
    """Name of the table of a file: of `Sales 2024.csv.gz` `sales_2024`, of a sheet `May` `sales_2024_may`.

    `suffixes` are those that say nothing of what is in a file.
    """
    name = _plain(_without_suffixes(file_name, suffixes))
    if sheet is not None:
        name = f"{name}_{_plain(sheet)}".strip("_")
    return _at_most(LONGEST_TABLE, _usable(name, "file", OWN_TABLES) or "file")


def column_names(header: Sequence[str], file_name: str) -> list[str]:
    """A name for each field of a header, all different. Raises OntimeError when none has one."""
    if not any(field.strip() for field in header):
        raise OntimeError(
            f"{file_name}: the header names no column", "write the names of the columns into its first line"
        )
    if len(header) > MOST_COLUMNS:
        raise OntimeError(
            f"{file_name}: the header has {len(header):,} columns; a table holds {MOST_COLUMNS:,}",
            "turn columns into records, or split the file",
        )
    found: dict[str, None] = {}
    for position, field in enumerate(header, start=1):
        name = _usable(_plain(field), "column", _TAKEN_COLUMNS) or f"column_{position}"
        found[_not_in(found, _at_most(LONGEST_COLUMN, name))] = None
    return list(found)


def renamed(header: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """The columns of a header that could not keep names which landing, Postgres or staging need."""
    return {
        field: column
        for field, column in zip(header, columns, strict=True)
        if _plain(field) in _TAKEN_COLUMNS
    }


def _without_suffixes(file_name: str, suffixes: Sequence[str]) -> str:
    """`sales.2024.csv.gz` becomes `sales.2024`."""
    for suffix in suffixes:
        if file_name.lower().endswith(suffix):
            return _without_suffixes(file_name[: -len(suffix)], suffixes)
    return file_name


def _plain(text: str) -> str:
    """Snake case in ASCII: `Größe` becomes `grosse`. Empty when nothing can be read aloud."""
    return column_name(slugify(text, lowercase=False, separator=" ")).strip("_")


def _usable(name: str, prefix: str, taken: set[str]) -> str:
    """As SQL takes it without quotes: `order` becomes `column_order`, `2024` becomes `column_2024`."""
    if name and (not name[0].isalpha() or name in RESERVED or name in taken):
        return f"{prefix}_{name}"
    return name


def _at_most(length: int, name: str) -> str:
    """The name; a longer one ends with a hash: names that differ at their end stay apart, in each file."""
    if len(name) <= length:
        return name
    return f"{name[: length - 9].rstrip('_')}_{sha256(name.encode()).hexdigest()[:8]}"


def _not_in(taken: Collection[str], name: str) -> str:
    """The name, or with a number where it is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
