{# Types and casts that the engines spell differently. #}

{# A cast that gives null where the text does not fit. Whoever uses it keeps the text and says why the row is rejected. #}
{% macro cast_or_null(expression, type) %}{{ return(adapter.dispatch('cast_or_null')(expression, type)) }}{% endmacro %}

{% macro default__cast_or_null(expression, type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ type }}') then cast({{ expression }} as {{ type }}) end
{%- endmacro %}

{% macro spark__cast_or_null(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}


{#
    An expression that is computed where it stands. Postgres takes a filter down to the table: to leave out rejected records it would
    cast every column once more, and plan that for seconds. A subquery it leaves where it is; it would leave what is volatile, too,
    but then all filters above it: a month of ten years read the records of all of them.
#}
{% macro computed_once(expression) %}{{ return(adapter.dispatch('computed_once')(expression)) }}{% endmacro %}

{% macro default__computed_once(expression) -%}
    (select {{ expression }})
{%- endmacro %}

{% macro spark__computed_once(expression) -%} {{ expression }} {%- endmacro %}


{#
    Types bear Postgres' names in YAML (contracts, seeds); Spark has others for some. It has one timestamp here, in UTC, for
    sessions have that zone.
#}
{% macro engine_type(name) %}{{ return(adapter.dispatch('engine_type')(name)) }}{% endmacro %}

{% macro default__engine_type(name) %}{{ return(name) }}{% endmacro %}

{% macro spark__engine_type(name) %}
    {{ return({
        'text': 'string',
        'double precision': 'double',
        'integer': 'int',
        'timestamp without time zone': 'timestamp',
        'timestamp with time zone': 'timestamp',
    }.get(name, name | replace('numeric', 'decimal'))) }}
{% endmacro %}

{% macro type_text() %}{{ return(engine_type('text')) }}{% endmacro %}

{% macro type_double() %}{{ return(engine_type('double precision')) }}{% endmacro %}

{# dbt asks these for the types of a contract and of a seed. #}
{% macro spark__get_empty_schema_sql(columns) %}
    select {% for column in columns.values() %}cast(null as {{ engine_type(column.data_type) }}) as {{ column.name }}{{ ', ' if not loop.last }}{% endfor %}
{% endmacro %}

{% macro spark__create_csv_table(model, agate_table) %}
    {% set types = model.config.column_types %}
    {% for name, type in types.items() %}{% do types.update({name: engine_type(type)}) %}{% endfor %}
    {{ return(dbt.spark__create_csv_table(model, agate_table)) }}
{% endmacro %}
