{#
    The rules that stand beside the columns of a view or seed (constraints: not_null, check): of a table the database holds them
    itself. Fails with the rows that break one, each with the first rule that it breaks.
#}
{% test constraints_hold(model) %}

{#- `model` is what to read; the test itself stands in `context` -#}
{%- set columns = graph.nodes[context.model.attached_node].columns if execute else {} -%}

with tested as (select * from {{ model }}),

looked_at as (

    select
        case
            {%- for column in columns.values() %}
            {%- for constraint in column.constraints if constraint.type == 'not_null' %}
            when {{ column.name }} is null then '{{ column.name }} is null'
            {%- endfor %}
            {%- for constraint in column.constraints if constraint.type == 'check' %}
            when not ({{ constraint.expression }}) then 'not: {{ constraint.expression | replace("'", "''") }}'
            {%- endfor %}
            {%- endfor %}
        end as broken,
        *
    from tested

)

select * from looked_at where broken is not null

{% endtest %}
