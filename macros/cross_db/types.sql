{# Types and casts that the engines spell differently. #}

{# A cast that gives null where the text does not fit. Whoever uses it keeps the text and says why the row is rejected. #}
{% macro safe_cast(expression, type) %}{{ return(adapter.dispatch('safe_cast')(expression, type)) }}{% endmacro %}

{% macro default__safe_cast(expression, type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ type }}') then cast({{ expression }} as {{ type }}) end
{%- endmacro %}

{% macro spark__safe_cast(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}


{% macro type_text() %}{{ return('string' if target.type == 'spark' else 'text') }}{% endmacro %}

{% macro type_double() %}{{ return('double' if target.type == 'spark' else 'double precision') }}{% endmacro %}
