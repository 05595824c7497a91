{#
    Tables keep their place: where only their data changed (ontime build knows, macros/publish/build_state.sql), the rows are
    replaced in one transaction. dbt would make a table beside it and drop the old one with every view on it, so that views whose
    definition stands had to be made again. Where there is none yet it is made in its place: nobody reads it who could see half.
#}
{% materialization table, adapter='postgres' %}
    {%- set there = load_cached_relation(this) -%}
    {%- if there is not none and (not there.is_table or planned_kind(model.unique_id) != 'data') -%}
        {{ return(dbt.materialization_table_default()) }}
    {%- endif -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- if there %}{% set columns = adapter.get_columns_in_relation(there) | map(attribute='quoted') | join(', ') %}{% endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {%- if there -%}
            truncate {{ table }};
            insert into {{ table }} ({{ columns }})
            select {{ columns }} from ({{ sql }}
            ) as model
        {%- else -%}
            {{ get_create_table_as_sql(false, table, sql) }}
        {%- endif -%}
    {%- endcall -%}
    {#- tests ask at once, and views plan by what month_versions holds -#}
    {%- do run_query('analyze ' ~ table) -%}
    {%- if not there -%}
        {%- do create_indexes(table) -%}
        {%- do persist_docs(table, model) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
