{#
    What `ontime spark publish` asks of Postgres (cli/spark/publication.py): tables that take the marts of the cluster, and their
    publication. ONTIME_MARTS_SCHEMA names the schema that they stand in instead of built marts.
#}

{# A table for each mart, empty, with the types of its contract, and its key: rows are compared by it. #}
{% macro make_tables_of_marts() %}
    {%- set schema = generate_schema_name('marts', none) | trim -%}
    {%- call statement('make_tables_of_marts', auto_begin=true) -%}
        drop schema if exists {{ schema }} cascade;
        create schema {{ schema }};
        {% for mart in brought_marts() -%}
        create table {{ schema }}.{{ mart.alias }} (
            {% for column in mart.columns.values() %}{{ column.name }} {{ column.data_type }},
            {% endfor -%}
            primary key ({{ key_of(mart) | join(', ') }})
        );
        {% endfor %}
        commit;
    {%- endcall -%}
{% endmacro %}

{# The marts whose rows come. What is local says something of the server where it is asked: checksums of what came, and runs. #}
{% macro brought_marts() %}
    {%- set marts = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.enabled and node.config.schema == 'marts' and not node.config.meta.get('is_local') -%}
        {%- do marts.append(node) -%}
    {%- endfor -%}
    {{ return(marts) }}
{% endmacro %}

{# The columns of a mart's key: a table has it in its YAML, of a view a test says it. #}
{% macro key_of(mart) %}
    {%- for constraint in mart.constraints if constraint.type == 'primary_key' -%}{{ return(constraint.columns) }}{%- endfor -%}
    {%- for test in graph.nodes.values()
        if test.resource_type == 'test' and test.attached_node == mart.unique_id
        and test.test_metadata and test.test_metadata.name in ('unique', 'unique_combination') -%}
        {{ return(test.test_metadata.kwargs.columns or [test.column_name]) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(mart.name ~ ' has neither a primary key nor a test of its key') }}
{% endmacro %}

{# In one transaction, as at the end of a build, whose state it takes away: the next one builds everything. #}
{% macro publish_brought_marts() %}
    {%- call statement('publish_brought_marts', auto_begin=true) -%}
        {{ publish_built_marts() }};
        commit;
    {%- endcall -%}
{% endmacro %}
