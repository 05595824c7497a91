"""What a raw text means, as SQL: casts of their own, so that a mistake in those of the models shows.

Each takes an SQL expression of type text and gives one; null stands both for a missing value and for one that
does not cast; whoever asks has the text beside it.
"""

MISSING = "('', 'na', 'n/a', '#n/a', '<na>', 'nan', 'nat', 'none', 'null', chr(92) || 'n')"
BLANKS = r"E' \t\u00a0'"


def value(column: str) -> str:
    """The text without blanks around it, or null where it says that there is no value."""
    trimmed = f"btrim({column}, {BLANKS})"
    # most begin with a digit and end without a blank: they mean what they say
    as_it_is = f"ascii({column}) between 48 and 57 and right({column}, 1) not in (' ', chr(9), chr(160))"
    return (
        f"case when {as_it_is} then {column} when {column} in ('', 'NA') then null "
        f"when lower({trimmed}) not in {MISSING} then {trimmed} end"
    )


def number(text: str) -> str:
    """A whole number: 1234, -3, 1.00, "1,500", 1e+05."""
    return (
        f"case when pg_input_is_valid({text}, 'integer') then cast({text} as integer) "
        f"when {text} ~ '^[-+]?([0-9]{{1,9}}|[0-9]{{1,3}}(,[0-9]{{3}}){{1,2}})([.]0*)?$|^-?[1-9]e[+]0[1-8]$' "
        f"then cast(cast(rtrim(replace({text}, ',', ''), '.') as numeric) as integer) end"
    )


def flag(text: str) -> str:
    no, yes = "'0', '0.00', '0.0', '0.'", "'1', '1.00', '1.0', '1.'"
    return (
        f"case when {text} in ({no}) or lower({text}) in ('false', 'f', 'no', 'n') then false "
        f"when {text} in ({yes}) or lower({text}) in ('true', 't', 'yes', 'y') then true end"
    )


def clock(text: str) -> str:
    """Minutes after midnight of hhmm, hh:mm or 1012.0; 2400 ends the day."""
    digits = f"replace(regexp_replace({text}, '([.]0*|:00)$', ''), ':', '')"
    written = rf"{text} ~ '^[0-9]{{1,4}}[.]0*$|^[0-9]{{1,2}}:[0-9]{{2}}(:00)?$'"

    def minutes(hhmm: str) -> str:
        number = f"cast({hhmm} as integer)"
        return (
            f"case when {number} between 0 and 2400 and {number} %% 100 < 60 "
            f"then {number} / 100 * 60 + {number} %% 100 end"
        )

    return (
        f"case when pg_input_is_valid({text}, 'smallint') then {minutes(text)} "
        f"when {written} then {minutes(digits)} end"
    )


def day(text: str) -> str:
    """A date: 2019-01-06, 1/6/2019 with the month first and with a midnight or without, 20190106."""
    midnight = r"([T ]0{1,2}:00(:00([.]0+)?)?Z?| 12:00(:00)? [Aa][Mm])?$"
    parts = "([0-9]{4})[-/]?([0-9]{1,2})[-/]?([0-9]{1,2})"
    year_first = f"regexp_replace({text}, '^{parts}{midnight}', '\\1-\\2-\\3')"
    month_first = (
        f"regexp_replace({text}, '^([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}}){midnight}', '\\3-\\1-\\2')"
    )
    iso = (
        f"case when {text} like '____-__-__' then {text} "
        f"when {text} ~ '^[0-9]{{4}}' then {year_first} else {month_first} end"
    )
    return (
        f"case when pg_input_is_valid({iso}, 'date') and {iso} ~ '^[0-9]{{4}}-' then cast({iso} as date) end"
    )


def day_of_parts(year: str, month: str, of_month: str) -> str:
    """A date of three numbers; pandas writes them as 2008.0."""
    parts = " || '-' || ".join(f"split_part({part}, '.', 1)" for part in (year, month, of_month))
    return f"case when pg_input_is_valid({parts}, 'date') then cast({parts} as date) end"


def tail(text: str) -> str:
    """A registration; null where it stands for an aircraft that nobody knows (glossary, tail_number)."""
    is_unknown = f"upper({text}) ~ '^[N0 ./-]*$' or {text} ~ '^(.)\\1*$'"
    return f"case when {text} ~ '[0-9]' and not ({is_unknown}) then {text} end"
