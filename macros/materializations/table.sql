{#
    Tables keep their place: where only their data changed (ontime build knows, macros/publish/build_state.sql), the rows are
    replaced in one transaction. dbt would make a table beside it and drop the old one with every view on it, so that views whose
    definition stands had to be made again.
#}
{% materialization table, adapter='postgres' %}
    {%- set there = load_cached_relation(this) -%}
    {%- if there is none or not there.is_table or planned_kind(model.unique_id) != 'data' -%}
        {{ return(dbt.materialization_table_default()) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(there) | map(attribute='quoted') | join(', ') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        truncate {{ there }};
        insert into {{ there }} ({{ columns }})
        select {{ columns }} from ({{ sql }}
        ) as model
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [there]}) }}
{% endmaterialization %}
