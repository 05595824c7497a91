"""One set of models, two engines: what they spell differently stands in macros/cross_db/ and nowhere else."""

import re
from pathlib import Path

import pytest

from tests.projects import PROJECT

# Not looked at: macros/versions and macros/publish. They ask the server for its catalog, which every engine
# keeps in its own way, and dispatch where Spark does the same differently.
PORTABLE = ("models", "macros/measures", "macros/staging", "macros/schema")

# What only one engine has, or what both have and mean differently, and what to write instead.
ONE_ENGINE = {
    r"\bat\s+time\s+zone\b": "to_utc(), from_utc()",
    r"\b(to|from)_utc_timestamp\s*\(": "to_utc(), from_utc()",
    r"\bgenerate_series\s*\(": "date_spine(), each_month()",
    r"\b(explode|sequence)\s*\(": "date_spine(), each_month()",
    r"\bextract\s*\(\s*epoch\b": "minutes_between()",
    r"\bextract\s*\(\s*(dow|isodow|dayofweek|dayofweek_iso)\b": "iso_dow()",
    r"\b(string_agg|listagg)\s*\(": "string_agg_ordered()",
    r"\b(pg_input_is_valid|try_cast)\s*\(": "cast_or_null()",
    r"\bregexp_replace\s*\(": "a macro in macros/cross_db: Postgres replaces the first match, Spark all",
    r"\bstrpos\s*\(": "position(... in ...)",
    r"\bto_regclass\s*\(": "relation_exists()",
    r"\bdistinct\s+on\b": "row_number() and a condition",
    r"\bqualify\b": "row_number() in a common table expression and a condition",
    r"\btimestamptz\b|\bwith\s+time\s+zone\b": "a timestamp without zone whose name says _utc or _local",
    r"\bjsonb?\b": "columns",
    r"\bas\s+(text|string|varchar)\s*\)": "type_text()",
    r"\bas\s+(double precision|double|float8?)\s*\)": "type_double()",
    r"::(?!\s*(integer|int|bigint|date|boolean|timestamp|numeric)\b)": "cast to a type that both have",
}
MATCH_OPERATOR = re.compile(r"!?~\*?")  # in Jinja it joins texts


def findings(code: str) -> list[tuple[int, str]]:
    """Lines of a model or macro that one engine alone understands, each with what to write instead."""
    code = blank(r"\{#.*?#\}", code)
    code = blank(r"--[^\n]*", code)
    found = [
        (line_of(code, match.start()), f"{match[0]!r} -> {instead}")
        for pattern, instead in ONE_ENGINE.items()
        for match in re.finditer(pattern, code, re.IGNORECASE)
    ]
    sql = blank(r"'[^'\n]*'", blank(r"\{\{.*?\}\}|\{%.*?%\}", code))
    found += [
        (line_of(sql, match.start()), f"{match[0]!r} -> regexp_like()")
        for match in MATCH_OPERATOR.finditer(sql)
    ]
    return sorted(found)


def blank(pattern: str, code: str) -> str:
    """The code with what matches taken out, its line breaks kept."""
    return re.sub(pattern, lambda match: "\n" * match[0].count("\n"), code, flags=re.DOTALL)


def line_of(code: str, position: int) -> int:
    return code.count("\n", 0, position) + 1


def portable_files() -> list[Path]:
    return sorted(file for folder in PORTABLE for file in (PROJECT / folder).rglob("*.sql"))


def test_models_have_nothing_of_one_engine() -> None:
    files = portable_files()
    assert len(files) > len(PORTABLE)
    found = [
        f"{file.relative_to(PROJECT)}:{line}: {what}"
        for file in files
        for line, what in findings(file.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "select a at time zone 'UTC' from b",
        "select * from generate_series(1, 2)",
        "select extract(epoch from a) from b",
        "select extract(isodow from a) from b",
        "select string_agg(a, ',') from b",
        "select distinct on (a) b from c",
        "select a from b qualify row_number() over () = 1",
        "select a::timestamptz from b",
        "select cast(a as text) from b",
        "select cast(a as double precision) from b",
        "select a::jsonb from b",
        "select a::text from b",
        "select strpos(a, 'b') from c",
        "select to_regclass('a')",
        "select a from b where a ~ '^x'",
        "select a from b where a !~* '^x'",
        "select {{ f('pg_input_is_valid(a)') }} from b",
    ],
)
def test_what_one_engine_has_is_found(code: str) -> None:
    assert findings(f"select 1\n\n{code}")[0][0] == 3


@pytest.mark.parametrize(
    "code",
    [
        "select a::integer, cast(b as date) from c",
        "{{ a ~ '.' ~ b }}",
        "select 'a ~ b' as c -- ~ qualify",
        "{# at time zone #}{% set a = b ~ c %}",
        "select {{ to_utc('a', 'b') }} from c",
    ],
)
def test_what_both_have_is_not_found(code: str) -> None:
    assert findings(code) == []
