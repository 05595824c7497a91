{# What every publication changed: one row per invocation and relation that changed. #}
{% macro publication_log() %}
    {{ return(relation_at(generate_schema_name('ops', none) | trim, 'publications')) }}
{% endmacro %}

{% macro create_publication_log() %}
    {%- if execute and flags.WHICH == 'build' and published_schema() -%}
        create table if not exists {{ publication_log() }} (
            invocation_id text not null,
            published_at timestamp with time zone not null default now(),
            relation text not null,
            change text not null
        )
    {%- endif -%}
{% endmacro %}
