{#
    Dimensions with history: what held when. `stated` is a common table expression of the model with the key, valid_from and
    valid_to (exclusive, null while it holds) and what is said of that time, in which statements may overlap and repeat each other.
    Of each day the statement counts that comes first in `order_by`, and neighbours that say the same become one period, with the
    lineage of the first. Days of which nobody says anything stay out.
        same        the columns that make two neighbours the same
        columns     what else a period shows, of its first statement
#}
{% macro periods_of(stated, key, same, columns, order_by) -%}
    with spans as (

        {{ spans_that_count(stated, key, same + columns, order_by) }}

    ),

    compared as (

        select
            *,
            {%- for column in same %}
            lag({{ column }}) over in_order as {{ column }}_before,
            {%- endfor %}
            lag(valid_to) over in_order as valid_to_before
        from spans
        window in_order as (partition by {{ key }} order by valid_from)

    ),

    numbered as (

        select
            *,
            sum(case when {{ is_next_of_the_same(same) }} then 0 else 1 end) over (partition by {{ key }} order by valid_from) as period_no
        from compared

    ),

    whole as (

        select
            *,
            row_number() over (partition by {{ key }}, period_no order by valid_from) as span_no,
            last_value(valid_to) over (
                partition by {{ key }}, period_no order by valid_from
                rows between unbounded preceding and unbounded following
            ) as valid_to_of_last
        from numbered

    )

    select
        {{ key }},
        {{ (same + columns) | join(', ') }},
        valid_from,
        valid_to_of_last as valid_to
    from whole
    where span_no = 1
{%- endmacro %}


{# Does a span follow the one before it without a day between, and say the same? #}
{% macro is_next_of_the_same(same) -%}
    valid_to_before = valid_from
    {%- for column in same %}
    and {{ column }}_before is not distinct from {{ column }}
    {%- endfor %}
{%- endmacro %}


{# The days of each key, parted where a statement begins or ends, with the statement that counts for them. #}
{% macro spans_that_count(stated, key, columns, order_by) -%}
    select
        ranked.{{ key }},
        ranked.valid_from,
        ranked.valid_to,
        ranked.{{ columns | join(', ranked.') }}
    from (
        select
            parts.{{ key }},
            parts.valid_from,
            parts.valid_to,
            {{ stated }}.{{ columns | join(', ' ~ stated ~ '.') }},
            row_number() over (partition by parts.{{ key }}, parts.valid_from order by {{ order_by }}) as choice
        from (
            select
                {{ key }},
                first_day as valid_from,
                lead(first_day) over (partition by {{ key }} order by first_day) as valid_to
            from (
                select
                    {{ key }},
                    valid_from as first_day
                from {{ stated }}
                union
                select
                    {{ key }},
                    valid_to as first_day
                from {{ stated }}
                where valid_to is not null
            ) as first_days
        ) as parts
        inner join {{ stated }}
            on {{ stated }}.{{ key }} = parts.{{ key }}
            and {{ stated }}.valid_from <= parts.valid_from
            and ({{ stated }}.valid_to > parts.valid_from or {{ stated }}.valid_to is null)
    ) as ranked
    where ranked.choice = 1
{%- endmacro %}


{# The key of a period: what it is of, and its first day. #}
{% macro period_key(key) -%}
    {{ key }} || ' ' || cast(valid_from as {{ type_text() }})
{%- endmacro %}
