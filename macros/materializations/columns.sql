{#
    Which columns a relation has, as dbt asks for each input of a unit test. The information schema, where dbt looks, weighs what
    the role may see: ten times the work for the same answer.
#}
{% macro postgres__get_columns_in_relation(relation) -%}
    {%- call statement('get_columns_in_relation', fetch_result=True) -%}
        select
            attname as column_name,
            format_type(atttypid, null) as data_type,
            information_schema._pg_char_max_length(atttypid, atttypmod) as character_maximum_length,
            information_schema._pg_numeric_precision(atttypid, atttypmod) as numeric_precision,
            information_schema._pg_numeric_scale(atttypid, atttypmod) as numeric_scale
        from pg_attribute
        where attrelid = to_regclass('{{ relation.include(database=false) }}') and attnum > 0 and not attisdropped
        order by attnum
    {%- endcall -%}
    {{ return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) }}
{%- endmacro %}


{#
    The types of the columns of a query, by their names. dbt asks for them by a query without rows, which Spark plans as if it had
    some: for a view of a hundred long expressions that costs more than to make it. To describe it takes its analysis alone.
#}
{% macro spark_columns_of_query(sql) %}
    {%- set columns = {} -%}
    {%- for column in run_query('describe query ' ~ sql).rows -%}
        {%- do columns.update({column['col_name']: column['data_type']}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{# What dbt asks for each view. #}
{% macro spark__get_columns_in_query(select_sql) %}{{ return(spark_columns_of_query(select_sql) | list) }}{% endmacro %}

{# What dbt asks for each contract, which leaves out the digits of a decimal. dbt dispatches this one to no adapter. #}
{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}
    {%- if target.type != 'spark' %}{{ return(dbt.get_column_schema_from_query(select_sql, select_sql_header)) }}{% endif -%}
    {%- set found = [] -%}
    {%- set columns = spark_columns_of_query(select_sql) -%}
    {%- for name in columns %}{% do found.append(api.Column.create(name, columns[name].split('(')[0])) %}{% endfor -%}
    {{ return(found) }}
{% endmacro %}
