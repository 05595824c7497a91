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
    some: for a view of a hundred long expressions that costs more than to make it. To describe it takes its analysis alone, and for
    a node it is described once: dbt asks for the comments of columns, and for the contract again.
#}
{% macro spark_columns_of_query(sql) %}
    {%- set name = 'columns of ' ~ local_md5(sql) -%}
    {%- set described = load_result(name) -%}
    {%- if not described -%}
        {%- call statement(name, fetch_result=true) %}describe query {{ sql }}{% endcall -%}
        {%- set described = load_result(name) -%}
    {%- endif -%}
    {%- do store_result(name, described.response, described.table) -%}{#- which was loaded is gone -#}
    {%- set columns = {} -%}
    {%- for column in described.table.rows -%}
        {%- do columns.update({column['col_name']: column['data_type']}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{# A view names its columns where some have descriptions; dbt would ask for them, and name them, in any case. #}
{% macro spark__create_view_as(relation, sql) -%}
    {%- if model.columns.values() | selectattr('description') | list or config.get('contract').enforced -%}
        {{ return(dbt.spark__create_view_as(relation, sql)) }}
    {%- endif -%}
    create or replace view {{ relation }}
    {{ comment_clause() }}
    as
    {{ sql }}
{%- endmacro %}

{# What dbt asks for such a view. #}
{% macro spark__get_columns_in_query(select_sql) %}{{ return(spark_columns_of_query(select_sql) | list) }}{% endmacro %}

{#
    The contract: names and types, but for the digits of a decimal, as dbt compares them. It would ask Spark what the types of the
    YAML are, too; they are those that Spark has.
#}
{% macro spark__get_assert_columns_equivalent(sql) %}
    {%- set stated, found = {}, {} -%}
    {%- for column in model.columns.values() %}{% do stated.update({column.name: engine_type(column.data_type).split('(')[0]}) %}{% endfor -%}
    {%- for name, type in spark_columns_of_query(sql).items() %}{% do found.update({name: type.split('(')[0]}) %}{% endfor -%}
    {%- if found != stated %}{% do exceptions.raise_contract_error(as_contract(stated), as_contract(found)) %}{% endif -%}
{% endmacro %}

{% macro as_contract(types) %}
    {%- set columns = [] -%}
    {%- for name, type in types.items() %}{% do columns.append({'name': name, 'data_type': type, 'formatted': name ~ ' ' ~ type}) %}{% endfor -%}
    {{ return(columns) }}
{% endmacro %}
