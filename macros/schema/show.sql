{#
    dbt calls this for `dbt show`. Where a model reads relations that were never built on this target, as in a fresh dev schema, Postgres
    would say that one does not exist; this says what to do.
#}
{% macro get_show_sql(compiled_code, sql_header, limit) %}
    {%- set todo, missing = model.depends_on.nodes | list, [] -%}
    {%- for uid in todo -%}{#- also over what is appended meanwhile -#}
        {%- set node = graph.nodes.get(uid) -%}
        {%- if node and node.config.materialized == 'ephemeral' -%}
            {%- do todo.extend(node.depends_on.nodes) -%}
        {%- elif node and not load_cached_relation(relation_at(node.schema, node.alias)) -%}
            {%- do missing.append(node.schema ~ '.' ~ node.alias) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " reads " ~ missing | unique | sort | join(', ') ~ ", which target " ~ target.name ~ " has not built. "
            ~ "See its rows on production's: ontime preview " ~ model.name ~ ". Or build what it reads: dbt build --select +" ~ model.name
        ) }}
    {%- endif -%}
    {{ return(dbt.get_show_sql(compiled_code, sql_header, limit)) }}
{% endmacro %}
