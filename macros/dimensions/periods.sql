{#
    Dimensions with history: what held when. `stated` is a common table expression of the model with the key, valid_from and
    valid_to (exclusive, null while it holds) and what is said of that time, in which statements may overlap and repeat each other.
    Of each day the statement counts that comes first in `order_by`, and neighbours that say the same become one period, with the
    lineage of the first. Days of which nobody says anything stay out.
        same        the columns that make two neighbours the same
        columns     what else a period shows, of its first statement
#}
{% macro periods_of(stated, key, same, columns, order_by) -%}
    with days as (

        select
            {{ key }},
            valid_from as day
        from {{ stated }}
        union
        select
            {{ key }},
            valid_to as day
        from {{ stated }}
        where valid_to is not null

    ),

    spans as (

        select
            {{ key }},
            day as valid_from,
            lead(day) over (partition by {{ key }} order by day) as valid_to
        from days

    ),

    chosen as (

        select *
        from (
            select
                spans.{{ key }},
                spans.valid_from,
                spans.valid_to,
                {%- for column in same + columns %}
                {{ stated }}.{{ column }},
                {%- endfor %}
                row_number() over (partition by spans.{{ key }}, spans.valid_from order by {{ order_by }}) as choice
            from spans
            inner join {{ stated }}
                on {{ stated }}.{{ key }} = spans.{{ key }}
                and {{ stated }}.valid_from <= spans.valid_from
                and ({{ stated }}.valid_to > spans.valid_from or {{ stated }}.valid_to is null)
        ) as ranked
        where choice = 1

    ),

    compared as (

        select
            *,
            case
                when
                    lag(valid_to) over (partition by {{ key }} order by valid_from) = valid_from
                    {%- for column in same %}
                    and lag({{ column }}) over (partition by {{ key }} order by valid_from) is not distinct from {{ column }}
                    {%- endfor %}
                    then 0
                else 1
            end as begins
        from chosen

    ),

    numbered as (

        select
            *,
            sum(begins) over (partition by {{ key }} order by valid_from) as period_no
        from compared

    )

    select
        {{ key }},
        {%- for column in same + columns %}
        {{ column }},
        {%- endfor %}
        valid_from,
        valid_to_of_last as valid_to
    from (
        select
            *,
            last_value(valid_to) over (
                partition by {{ key }}, period_no order by valid_from
                rows between unbounded preceding and unbounded following
            ) as valid_to_of_last
        from numbered
    ) as whole
    where begins = 1
{%- endmacro %}


{# The key of a period: what it is of, and its first day. #}
{% macro period_key(key) -%}
    {{ key }} || ' ' || cast(valid_from as {{ type_text() }})
{%- endmacro %}
