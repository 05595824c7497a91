{# Rows as numbers that every engine computes alike, to compare warehouses without bringing their rows together. #}

{#
    A value as text, the same on each engine. Floating point numbers have six decimals, for sums in another order differ in the last
    digits that they have; a missing value differs from an empty text.
#}
{% macro canonical_text(column, type) -%}
    {%- if type == 'text' -%}
        '=' || {{ column }}
    {%- elif type == 'double precision' -%}
        cast(cast({{ column }} as {{ engine_type('numeric(38, 6)') }}) as {{ type_text() }})
    {%- else -%}
        cast({{ column }} as {{ type_text() }})
    {%- endif -%}
{%- endmacro %}

{# A row as one number. Takes its columns as the graph has them, with name and data_type. #}
{% macro row_checksum(columns) -%}
    {%- set texts = ["'|'"] -%}
    {%- for column in columns %}{% do texts.append("coalesce(" ~ canonical_text(column.name, column.data_type) ~ ", '')") %}{% endfor -%}
    {{ hash_40_bit("concat_ws(" ~ texts | join(', ') ~ ")") }}
{%- endmacro %}


{# The rows of a mart, given by its name, as (mart, data_month, row_checksum), of the columns that its YAML has; without a month where it is not by month. #}
{% macro rows_as_checksums(mart) -%}
    {%- set node = graph.get('nodes', {}).get('model.' ~ project_name ~ '.' ~ mart, {}) -%}
    select
        '{{ mart }}' as mart,
        {{ node.get('config', {}).get('meta', {}).get('tested_by_month') or 'cast(null as date)' }} as data_month,
        {{ row_checksum(node.get('columns', {}).values()) }} as row_checksum
    from {{ ref(mart) }}
{%- endmacro %}
