{# How staging types what was landed as text, and says why a row is rejected. #}

{# The nycflights form writes a missing value as NA, or not at all. #}
{% macro na_to_null(column) -%} nullif(nullif({{ column }}, 'NA'), '') {%- endmacro %}


{#
    Why a row is rejected: the first of the given casts that lost a value, or null. `casts` lists
    [text column, typed column, what it should have been]; a missing value is no failure.
#}
{% macro first_failed_cast(casts) -%}
    case
        {%- for raw, typed, kind in casts %}
        when {{ raw }} is not null and {{ typed }} is null then '{{ raw }} is not {{ kind }}: ' || {{ raw }}
        {%- endfor %}
    end
{%- endmacro %}


{# Why a row is rejected: the first of the given columns that is missing, or null. #}
{% macro first_missing(columns) -%}
    case
        {%- for column in columns %}
        when {{ column }} is null then '{{ column }} is missing'
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
