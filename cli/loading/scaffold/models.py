"""The text of a staging model and of its YAML, in the manner of those that stand in models/staging."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill

import yaml

from cli.loading.scaffold.guess import BOOLEAN, LOCAL, TEXT, UTC, Guess, Kind

MOST_LINES_EACH = 35  # columns that have a line each: dbt-bouncer.yml allows a model 110 lines

_SQL = """\
with %(relation)s as (

    select * from {{ source('files', '%(table)s') }}

),

given as (

    select
        file_no,
        record_no,
%(given)s
        {{ record_as_json('%(relation)s') }} as raw_text
    from %(relation)s

),

final as (

    select
        file_no,
        record_no,
%(typed)s
        %(reject_reason)s as reject_reason,
        raw_text
    from given

)

select * from final
"""

_YAML = """\
models:
  - name: stg_files__%(table)s
    description: One row per landed record of %(table)s, typed, rejected records included with their reason.
    data_tests:
      - unique_combination: {arguments: {columns: [file_no, record_no]}}
    columns:
%(columns)s
"""


@dataclass(frozen=True)
class Column:
    """A column on its way from the raw table to its staging model, where `name` says what type it has."""

    raw: str
    name: str
    kind: Kind
    writes_na: bool


def columns_of(guesses: Sequence[Guess]) -> list[Column]:
    """The columns of a model, under names that fit their types and are all different."""
    names: dict[str, None] = {}
    for guess in guesses:
        name, number = staged_name(guess.column, guess.kind), 2
        while name in names:
            name, number = f"{staged_name(guess.column, guess.kind)}_{number}", number + 1
        names[name] = None
    return [
        Column(guess.column, name, guess.kind, guess.writes_na)
        for guess, name in zip(guesses, names, strict=True)
    ]


def staged_name(column: str, kind: Kind) -> str:
    """What dbt-bouncer.yml calls for: `is_` and `has_` say boolean, `_at_utc` and `_at_local` timestamp."""
    says_boolean = column.startswith(("is_", "has_"))
    says_timestamp = re.search("_(at|hour)_(utc|local)$", column) is not None
    if kind == BOOLEAN:
        return column if says_boolean else f"is_{column}"
    if kind in (LOCAL, UTC):
        zone = "utc" if kind == UTC else "local"
        return column if says_timestamp else f"{column.removesuffix('_at')}_at_{zone}"
    if says_boolean:
        return f"{column.partition('_')[2]}_flag"
    return f"{column}_given" if says_timestamp else column


def model_sql(table: str, columns: Sequence[Column]) -> str:
    """The SQL of `stg_files__<table>`."""
    is_wide = len(columns) > MOST_LINES_EACH
    return _SQL % {
        "table": table,
        "relation": relation_of([column.raw for column in columns]),
        "given": "\n".join(_given(columns)),
        "typed": "\n".join(_typed_in_loops(columns) if is_wide else map(_typed, columns)),
        "reject_reason": _reject_reason_in_loops(columns) if is_wide else _reject_reason(columns),
    }


def relation_of(columns: Sequence[str]) -> str:
    """What a model calls the rows that it reads: `source`, unless a column has that name."""
    name = "source"
    while name in columns:
        name = f"landed_{name}"
    return name


def model_yaml(table: str, columns: Sequence[Column]) -> str:
    """The YAML of `stg_files__<table>`."""
    described = [
        f"      - name: {_in_yaml(column.name)}\n"
        f"        description: Column `{column.raw}` of the file, {column.kind.description}."
        for column in columns
    ]
    return _YAML % {"table": table, "columns": "\n".join(described)}


def source_yaml(table: str) -> str:
    """The table among those of `_files__sources.yml`."""
    return f"      - name: {_in_yaml(table)}\n        description: One row per record of {table}, as text.\n"


def _in_yaml(name: str) -> str:
    """The name, quoted where YAML takes it for a boolean: `no`, `on`."""
    return name if yaml.safe_load(name) == name else f"'{name}'"


def _given(columns: Sequence[Column]) -> Iterable[str]:
    for missing, writes_na in (("nullif({{ column }}, '')", False), ("{{ stated(column) }}", True)):
        some = [column.raw for column in columns if column.writes_na == writes_na]
        if some:
            yield _loop(some, f"{missing} as {{{{ column }}}},")


def _typed(column: Column) -> str:
    if column.kind == TEXT:
        return (
            f"        {column.raw} as {column.name},"
            if column.name != column.raw
            else f"        {column.raw},"
        )
    return f"        {{{{ {_call(column.kind, repr(column.raw))} }}}} as {column.name},"


def _typed_in_loops(columns: Sequence[Column]) -> Iterable[str]:
    """Columns by their kind: too many for a line each."""
    for kind in dict.fromkeys(column.kind for column in columns):
        some = [column for column in columns if column.kind == kind]
        kept = [column.raw for column in some if column.raw == column.name]
        if kept:
            called = "column" if kind == TEXT else _call(kind, "column")
            yield _loop(kept, "{{ column }}," if kind == TEXT else f"{{{{ {called} }}}} as {{{{ column }}}},")
        yield from (_typed(column) for column in some if column.raw != column.name)


def _reject_reason(columns: Sequence[Column]) -> str:
    typed = [column for column in columns if column.kind != TEXT]
    if not typed:
        return "cast(null as {{ type_text() }})"
    casts = [
        f"            ['{column.raw}', {_call(column.kind, repr(column.raw))}, '{column.kind.description}'],"
        for column in typed
    ]
    return "\n".join(("{{ first_failed_cast([", *casts, "        ]) }}"))


def _reject_reason_in_loops(columns: Sequence[Column]) -> str:
    kinds = dict.fromkeys(column.kind for column in columns if column.kind != TEXT)
    loops = [
        _loop(
            [column.raw for column in columns if column.kind == kind],
            f"{{{{ first_failed_cast([[column, {_call(kind, 'column')}, '{kind.description}']]) }}}},",
            indent=12,
        )
        for kind in kinds
    ]
    return "\n".join(("coalesce(", *loops, "            cast(null as {{ type_text() }})", "        )"))


def _call(kind: Kind, column: str) -> str:
    """The cast of a kind, in Jinja; `column` is a name in quotes, or a variable."""
    return kind.cast.format(column)


def _loop(columns: Sequence[str], line: str, indent: int = 8) -> str:
    blank = " " * indent
    listed = _listed(_quoted(columns), indent)
    return f"{blank}{{%- for column in {listed} %}}\n{blank}{line}\n{blank}{{%- endfor %}}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _listed(names: str, indent: int = 8) -> str:
    """A Jinja list, in lines that sqlfluff takes."""
    return "[" + fill(names, width=90, subsequent_indent=" " * (indent + 4)) + "]"
