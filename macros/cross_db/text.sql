{# Text functions that the engines spell differently. #}

{# Values of a group in one text, in a stated order. #}
{% macro string_agg_ordered(expression, separator, order_by) %}{{ return(adapter.dispatch('string_agg_ordered')(expression, separator, order_by)) }}{% endmacro %}

{% macro default__string_agg_ordered(expression, separator, order_by) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__string_agg_ordered(expression, separator, order_by) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}


{# The first 40 bits of the md5 of a text, as a bigint: enough to tell versions of one month apart. #}
{% macro hash_40_bit(expression) %}{{ return(adapter.dispatch('hash_40_bit')(expression)) }}{% endmacro %}

{% macro default__hash_40_bit(expression) -%}
    cast(cast('x' || left(md5({{ expression }}), 10) as bit(40)) as bigint)
{%- endmacro %}

{% macro spark__hash_40_bit(expression) -%}
    cast(conv(left(md5({{ expression }}), 10), 16, 10) as bigint)
{%- endmacro %}


{# A value of a JSON object, as text; null where the object has no such key. Both are given as SQL. #}
{% macro json_value(object, key) %}{{ return(adapter.dispatch('json_value')(object, key)) }}{% endmacro %}

{% macro default__json_value(object, key) -%}
    (cast({{ object }} as json) ->> ({{ key }}))
{%- endmacro %}

{% macro spark__json_value(object, key) -%}
    get_json_object({{ object }}, '$.' || {{ key }})
{%- endmacro %}


{#
    A landed record as a JSON object of the values that it has; an empty text is one. Takes the name of a relation of the query,
    which no column has. Its first column is file_no; Spark has it last, for its tables are partitioned by it.
#}
{% macro record_as_json(relation) %}{{ return(adapter.dispatch('record_as_json')(relation)) }}{% endmacro %}

{% macro default__record_as_json(relation) -%}
    cast(json_strip_nulls(to_json({{ relation }})) as text)
{%- endmacro %}

{% macro spark__record_as_json(relation) -%}
    to_json(struct({{ relation }}.file_no, {{ relation }}.* except (file_no)))
{%- endmacro %}
