{# Types and casts that the engines spell differently. #}

{# A cast that gives null where the text does not fit. Whoever uses it keeps the text and says why the row is rejected. #}
{% macro cast_or_null(expression, type) %}{{ return(adapter.dispatch('cast_or_null')(expression, type)) }}{% endmacro %}

{% macro default__cast_or_null(expression, type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ type }}') then cast({{ expression }} as {{ type }}) end
{%- endmacro %}

{% macro spark__cast_or_null(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}


{# Names of types: a text of any length, and a floating point number of 64 bits. #}
{% macro type_text() %}{{ return('string' if target.type == 'spark' else 'text') }}{% endmacro %}

{% macro type_double() %}{{ return('double' if target.type == 'spark' else 'double precision') }}{% endmacro %}
