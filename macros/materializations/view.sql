{#
    Views are made in one transaction, in their place: dbt would make one beside it, rename both and drop the old one, which is
    half of what a view costs, and drops what stands on it just the same.
#}
{% materialization view, adapter='postgres' %}
    {%- set there = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {%- if there %}drop {{ there.type }} if exists {{ there }} cascade;{% endif %}
        {{ get_create_view_as_sql(view, sql) }}
    {%- endcall -%}
    {#- dbt is to know what went with it, and only once it has gone -#}
    {%- if there %}{% do adapter.cache_dropped(there) %}{% endif -%}
    {%- do persist_docs(view, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}
