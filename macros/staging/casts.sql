{# How staging types what was landed as text, and says why a row is rejected. #}

{# The nycflights form writes a missing value as NA, or not at all. #}
{% macro na_to_null(column) -%} nullif(nullif({{ column }}, 'NA'), '') {%- endmacro %}


{# A whole number, or null: digits and a sign. An engine would read more than that, such as 0x1F and 1_000. #}
{% macro whole_number(column, type='integer') -%}
    case when translate({{ column }}, '0123456789', '') in ('', '-', '+') then {{ cast_or_null(column, type) }} end
{%- endmacro %}


{# A number without the decimals .00 that BTS gives to whole numbers, as text; an empty text is a missing value. #}
{% macro without_zero_decimals(column) -%}
    case when {{ column }} like '%.00' then left({{ column }}, length({{ column }}) - 3) else nullif({{ column }}, '') end
{%- endmacro %}


{# A flag written 0 or 1, or null. #}
{% macro flag(column) -%} case {{ column }} when '1' then true when '0' then false end {%- endmacro %}


{# A number with a point or an exponent, or null; not infinity, not NaN. #}
{% macro decimal_number(column) -%}
    case when translate({{ column }}, '0123456789.-+eE', '') = '' then {{ cast_or_null(column, type_double()) }} end
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


{#
    A date of three whole numbers that the warehouse knows, or null. With the lengths checked: lpad also cuts, and would make
    the 15th of a 155th.
#}
{% macro calendar_date(year, month, day) -%}
    {%- set text = year ~ " || '-' || lpad(" ~ month ~ ", 2, '0') || '-' || lpad(" ~ day ~ ", 2, '0')" -%}
    case
        when length({{ year }}) = 4 and length({{ month }}) <= 2 and length({{ day }}) <= 2
            and translate({{ year }} || {{ month }} || {{ day }}, '0123456789', '') = ''
            and {{ text }} between '{{ first_day() }}' and '{{ last_day() }}'
            then {{ cast_or_null(text, 'date') }}
    end
{%- endmacro %}


{# A date written 2019-01-06 that the warehouse knows, or null. #}
{% macro iso_date(column) -%}
    case
        when length({{ column }}) = 10 and translate({{ column }}, '0123456789', '') = '--'
            and {{ column }} between '{{ first_day() }}' and '{{ last_day() }}'
            then {{ cast_or_null(column, 'date') }}
    end
{%- endmacro %}


{# A date written 2019-01-06, of any year, or null. #}
{% macro any_iso_date(column) -%}
    case when regexp_like({{ column }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') then {{ cast_or_null(column, 'date') }} end
{%- endmacro %}


{# A date written 3/1/2021 or 3/1/2021 12:00:00 AM the ISO way, as text; any other text as it is. #}
{% macro us_date_as_iso(column) -%}
    case
        when regexp_like({{ column }}, '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}( 12:00:00 AM)?$')
            then left(split_part({{ column }}, '/', 3), 4) || '-' || lpad(split_part({{ column }}, '/', 1), 2, '0')
                || '-' || lpad(split_part({{ column }}, '/', 2), 2, '0')
        else {{ column }}
    end
{%- endmacro %}


{# A date of any year as BTS writes it, 2007-07-01 or 7/1/2007 12:00:00 AM, or null. #}
{% macro bts_date(column) -%}
    case
        when regexp_like({{ us_date_as_iso(column) }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
            then {{ cast_or_null(us_date_as_iso(column), 'date') }}
    end
{%- endmacro %}


{# A date of three texts the ISO way, as text. #}
{% macro date_parts_as_iso(year, month, day) -%}
    {{ year }} || '-' || case when length({{ month }}) = 1 then '0' else '' end || {{ month }}
    || '-' || case when length({{ day }}) = 1 then '0' else '' end || {{ day }}
{%- endmacro %}


{# A date of eight digits, yyyymmdd, or null. #}
{% macro compact_date(column) -%}
    case
        when regexp_like({{ column }}, '^[0-9]{8}$')
            then {{ cast_or_null("left(" ~ column ~ ", 4) || '-' || substring(" ~ column ~ ", 5, 2) || '-' || right(" ~ column ~ ", 2)", 'date') }}
    end
{%- endmacro %}


{#
    A timestamp in the manner of 2013-01-01T10:00:00Z, with a fraction of up to six digits or without, or null; not one with an
    offset such as -04:00, which an engine would leave out, nor a word such as yesterday, which it would read.
#}
{% macro iso_timestamp(column) -%}
    case
        when regexp_like({{ column }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z?$')
            then {{ cast_or_null("replace(replace(" ~ column ~ ", 'T', ' '), 'Z', '')", 'timestamp') }}
    end
{%- endmacro %}


{# A timestamp without seconds, 2013-01-01 10:51 or 2013-01-01T10:51, or null. #}
{% macro iso_minute(column) -%}
    case
        when regexp_like({{ column }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]$')
            then {{ cast_or_null("replace(" ~ column ~ ", 'T', ' ')", 'timestamp') }}
    end
{%- endmacro %}


{# A moment as a database gives it in UTC, 2024-01-31 12:00:00+00:00 with a fraction or without, as a timestamp without zone, or null. #}
{% macro utc_moment(column) -%}
    case when {{ column }} like '%+00:00' then {{ iso_timestamp("left(" ~ column ~ ", length(" ~ column ~ ") - 6)") }} end
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


{# Minutes after midnight of a clock written hhmm, without leading zeros or with them; 2400 is the midnight that ends the day. #}
{% macro clock_minutes(clock) -%}
    case
        when {{ clock }} = '2400' then 1440
        -- lpad also cuts: without the length 17300 would be a good 1730
        when length({{ clock }}) <= 4 and regexp_like(lpad({{ clock }}, 4, '0'), '^([01][0-9]|2[0-3])[0-5][0-9]$')
            then cast(left(lpad({{ clock }}, 4, '0'), 2) as integer) * 60 + cast(right(lpad({{ clock }}, 4, '0'), 2) as integer)
    end
{%- endmacro %}


{# One record as a line of CSV, the way it was landed: an empty quoted text stays different from a missing one. #}
{% macro csv_line(columns) -%}
    {%- for column in columns %}
    case
        when {{ column }} is null then ''
        when {{ column }} = '' or {{ column }} like '%"%' or {{ column }} like '%,%' or {{ column }} like '%' || chr(10) || '%'
            then '"' || replace({{ column }}, '"', '""') || '"'
        else {{ column }}
    end
    {%- if not loop.last %} || ',' || {% endif %}
    {%- endfor %}
{%- endmacro %}
