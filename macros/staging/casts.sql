{# How staging types what was landed as text, and says why a row is rejected. #}

{# A text without blanks around it, tabs and no-break spaces among them; null when nothing is left. #}
{% macro trimmed(column) -%} nullif(trim(both ' {{ '\t\u00a0' }}' from {{ column }}), '') {%- endmacro %}


{#
    What a record says in a column, without blanks around it; null where it says that there is no value, as R (NA), pandas (NaN,
    NaT, <NA>, None), spreadsheets (#N/A) and databases (null, \N) write it. Not for codes of places and names: NA is Namibia as
    well. The casts below read what this gives.
    Most texts neither end in a blank nor begin with one or with the first letter of such a word, and come as they are: this is quicker.
    The codes are of nothing, tab, blank, #, <, N, backslash, n and the no-break space.
#}
{% macro stated(column) -%}
    case
        when ascii({{ column }}) not in (0, 9, 32, 35, 60, 78, 92, 110, 160) and right({{ column }}, 1) not in (' ', '{{ '\t' }}', '{{ '\u00a0' }}')
            then {{ column }}
        when
            lower({{ trimmed(column) }}) not in ('na', 'n/a', '#n/a', '<na>', 'nan', 'nat', 'none', 'null', chr(92) || 'n')
            then {{ trimmed(column) }}
    end
{%- endmacro %}


{#
    A whole number, or null: digits and a sign, which need no regular expression. Decimals may be zeros (1.00 of BTS, 1.0 of pandas),
    thousands may be parted by commas ("1,500" of spreadsheets), and R writes 100000 as 1e+05. An engine would read more than that,
    such as 0x1F and 1_000.
#}
{% macro whole_number(column, type='integer') -%}
    case
        when translate({{ column }}, '0123456789', '') in ('', '-') then {{ cast_or_null(column, type) }}
        when regexp_like({{ column }}, '^[-+]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.]0*)?$')
            then {{ cast_or_null("replace(split_part(" ~ column ~ ", '.', 1), ',', '')", type) }}
        when regexp_like({{ column }}, '^-?[1-9]e[+]0[1-9]$')
            then {{ cast_or_null("split_part(" ~ column ~ ", 'e', 1) || repeat('0', cast(right(" ~ column ~ ", 1) as integer))", type) }}
    end
{%- endmacro %}


{# A flag, or null: 0 or 1, with decimals or without, or a word for it in whatever case. #}
{% macro flag(column) -%}
    case
        when {{ column }} in ('0', '0.00') then false
        when {{ column }} in ('1', '1.00') then true
        when lower({{ column }}) in ('0.', '0.0', 'false', 'f', 'no', 'n') then false
        when lower({{ column }}) in ('1.', '1.0', 'true', 't', 'yes', 'y') then true
    end
{%- endmacro %}


{# A number with a point or an exponent, or null; thousands may be parted by commas. Not infinity, not NaN. #}
{% macro decimal_number(column) -%}
    case
        when translate({{ column }}, '0123456789.-+eE', '') = '' then {{ cast_or_null(column, type_double()) }}
        when regexp_like({{ column }}, '^[-+]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?$')
            then {{ cast_or_null("replace(" ~ column ~ ", ',', '')", type_double()) }}
    end
{%- endmacro %}


{# A number that lies between two others, both included, or null. #}
{% macro within(expression, at_least, at_most) -%}
    case when {{ expression }} between {{ at_least }} and {{ at_most }} then {{ expression }} end
{%- endmacro %}


{# True or false, in whatever case, or null; not t, yes and 1, which an engine would read. #}
{% macro true_or_false(column) -%}
    case lower({{ column }}) when 'true' then true when 'false' then false end
{%- endmacro %}


{#
    The days that the warehouse knows: from the first month that the Bureau of Transportation Statistics publishes to well
    ahead. `dim_dates` holds them; a flight on another day is a typing mistake.
#}
{% macro first_day() %}{{ return('1987-10-01') }}{% endmacro %}

{% macro last_day() %}{{ return('2049-12-31') }}{% endmacro %}


{# A date written 2019-01-06 that the warehouse knows, or null. #}
{% macro iso_date(column) -%}
    case
        when {{ is_iso_date(column) }} and {{ column }} between '{{ first_day() }}' and '{{ last_day() }}'
            then {{ cast_or_null(column, 'date') }}
    end
{%- endmacro %}


{# A date in any writing of date_as_iso that the warehouse knows, or null. #}
{% macro flight_day(column) -%}
    case when {{ is_iso_date(column) }} then {{ iso_date(column) }} else {{ iso_date(date_as_iso(column)) }} end
{%- endmacro %}


{# A date of three whole numbers that the warehouse knows, or null. #}
{% macro calendar_date(year, month, day) -%}
    {%- set text = joined_as_iso(year, month, day) -%}
    case
        when translate({{ year }} || {{ month }} || {{ day }}, '0123456789', '') = ''
            then case when length({{ text }}) = 10 and {{ text }} between '{{ first_day() }}' and '{{ last_day() }}' then {{ cast_or_null(text, 'date') }} end
        else {{ iso_date(joined_as_iso(part_of_date(year), part_of_date(month), part_of_date(day))) }}
    end
{%- endmacro %}


{# A date in any of these writings, of any year, or null. #}
{% macro any_date(column) -%}
    case
        when {{ is_iso_date(column) }} then {{ cast_or_null(column, 'date') }}
        else {{ cast_or_null(date_as_iso(column), 'date') }}
    end
{%- endmacro %}


{# Whether a date is written 2019-01-06, as nearly all are. #}
{% macro is_iso_date(column) -%} length({{ column }}) = 10 and translate({{ column }}, '0123456789', '') = '--' {%- endmacro %}


{# A date written 2019-01-06, of any year, or null. #}
{% macro any_iso_date(column) -%}
    case when regexp_like({{ column }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then {{ cast_or_null(column, 'date') }} end
{%- endmacro %}


{#
    A date in any writing that means one day, the ISO way, as text, or null. Besides 2019-01-06 these are 20190106, 2019/1/6,
    6-Jan-2019 and 06JAN2019, with a midnight or without, and 1/6/2019 with the month first, as BTS and spreadsheets of the United
    States write it. Whether a file means it so is asked when it is loaded, of all its dates (ingestion/forms/dates.py).
#}
{% macro date_as_iso(column) -%}
    {%- set day = "split_part(replace(" ~ column ~ ", 'T', ' '), ' ', 1)" -%}
    {%- set midnight = "([T ]0{1,2}:00(:00([.]0+)?)?(Z|[+]00:?00)?| 12:00(:00)? [Aa][Mm])?" -%}
    case
        when regexp_like({{ column }}, '^[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}{{ midnight }}$')
            then {{ parts_as_iso("replace(" ~ day ~ ", '/', '-')", '-', 1, 2, 3) }}
        when regexp_like({{ column }}, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}{{ midnight }}$') then {{ parts_as_iso(day, '/', 3, 1, 2) }}
        when regexp_like({{ column }}, '^[0-9]{8}([.]0*)?$')
            then left({{ column }}, 4) || '-' || substring({{ column }}, 5, 2) || '-' || substring({{ column }}, 7, 2)
        when regexp_like({{ column }}, '^[0-9]{1,2}[- ]?[A-Za-z]{3}[- ]?[0-9]{4}$')
            then right({{ column }}, 4) || '-' || {{ number_of_month("translate(" ~ column ~ ", '0123456789- ', '')") }}
                || '-' || lpad(translate(lower(left({{ column }}, 2)), 'abcdefghijklmnopqrstuvwxyz- ', ''), 2, '0')
    end
{%- endmacro %}

{% macro parts_as_iso(text, separator, year, month, day) -%}
    split_part({{ text }}, '{{ separator }}', {{ year }})
    || '-' || lpad(split_part({{ text }}, '{{ separator }}', {{ month }}), 2, '0')
    || '-' || lpad(split_part({{ text }}, '{{ separator }}', {{ day }}), 2, '0')
{%- endmacro %}

{% macro number_of_month(name) -%}
    case lower({{ name }})
        {%- for month in ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] %}
        when '{{ month }}' then '{{ '%02d' % loop.index }}'
        {%- endfor %}
    end
{%- endmacro %}


{#
    A date of three texts the ISO way, as text: of 2008, 5, 1 and, as pandas writes them, of 2008.0, 5.0, 1.0. With what is no number it
    is no date, and is seen in the reason.
#}
{% macro date_parts_as_iso(year, month, day) -%}
    case
        when translate({{ year }} || {{ month }} || {{ day }}, '0123456789', '') = '' then {{ joined_as_iso(year, month, day) }}
        else {{ joined_as_iso(part_of_date(year), part_of_date(month), part_of_date(day)) }}
    end
{%- endmacro %}

{% macro joined_as_iso(year, month, day) -%}
    {{ year }} || '-' || case when length({{ month }}) = 1 then '0' else '' end || {{ month }}
    || '-' || case when length({{ day }}) = 1 then '0' else '' end || {{ day }}
{%- endmacro %}

{% macro part_of_date(column) -%} coalesce(cast({{ whole_number(column) }} as {{ type_text() }}), {{ column }}) {%- endmacro %}


{#
    A timestamp in the manner of 2013-01-01T10:00:00Z, with seconds and a fraction of up to six digits or without, or null; not
    one with an offset such as -04:00, which an engine would leave out, nor a word such as yesterday, which it would read.
#}
{% macro iso_timestamp(column) -%}
    case
        -- most are written so, and need no regular expression
        when
            {{ column }} like '____-__-__T__:__:__Z' and translate({{ column }}, '0123456789', '') = '--T::Z'
            and substring({{ column }}, 12, 2) < '24' and substring({{ column }}, 15, 2) < '60'
            then {{ cast_or_null("left(" ~ column ~ ", 19)", 'timestamp') }}
        when regexp_like({{ column }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+]00(:?00)?)?$')
            then {{ cast_or_null("split_part(replace(replace(" ~ column ~ ", 'T', ' '), 'Z', ''), '+', 1)", 'timestamp') }}
    end
{%- endmacro %}


{# A moment as a database gives it in UTC, 2024-01-31 12:00:00+00:00 with a fraction or without, as a timestamp without zone, or null. #}
{% macro utc_moment(column) -%}
    case when {{ column }} like '%+00:00' then {{ iso_timestamp(column) }} end
{%- endmacro %}


{#
    Why a row is rejected: the first of the given casts that lost a value, or null. `casts` lists
    [text column, typed column, what it should have been]; a missing value is no failure. For models that `ontime load files` writes,
    of any number of columns; the others say it in a line each.
#}
{% macro first_failed_cast(casts) -%}
    case
        {%- for raw, typed, kind in casts %}
        when {{ raw }} is not null and {{ typed }} is null then '{{ raw }} is not {{ kind }}: ' || {{ raw }}
        {%- endfor %}
    end
{%- endmacro %}


{#
    Minutes after midnight of a clock, or null: hhmm without leading zeros or with them, 1012.0 as pandas writes it, 10:12, 10:12:00
    or 10:12 PM. 2400 is the midnight that ends the day.
#}
{% macro clock_minutes(clock) -%}
    case
        when translate({{ clock }}, '0123456789', '') = '' then {{ minutes_of_hhmm(clock) }}
        else {{ minutes_of_hhmm(clock_as_hhmm(clock)) }}
    end
{%- endmacro %}

{% macro minutes_of_hhmm(digits) -%}
    {%- set number = "cast(" ~ digits ~ " as integer)" -%}
    case
        -- only then it is sure to be an integer
        when length({{ digits }}) between 1 and 4
            then case
                when {{ number }} <= 2400 and {{ number }} % 100 < 60
                    then {{ number }} - cast(floor({{ number }} / 100) as integer) * 40
            end
    end
{%- endmacro %}

{% macro clock_as_hhmm(clock) -%}
    {%- set hour = "split_part(" ~ clock ~ ", ':', 1)" -%}
    {%- set minute = "left(split_part(" ~ clock ~ ", ':', 2), 2)" -%}
    case
        when regexp_like({{ clock }}, '^[0-9]{1,4}([.]0*)?$') then split_part({{ clock }}, '.', 1)
        when regexp_like({{ clock }}, '^[0-9]{1,2}:[0-9]{2}(:00([.]0+)?)?$') then {{ hour }} || {{ minute }}
        when regexp_like({{ clock }}, '^(0?[1-9]|1[0-2]):[0-9]{2}(:00)? ?[AaPp][Mm]$')
            then cast(
                cast({{ hour }} as integer) % 12 + case when lower({{ clock }}) like '%pm' then 12 else 0 end as {{ type_text() }}
            ) || {{ minute }}
    end
{%- endmacro %}
