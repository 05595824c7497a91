{#
    Where a model is built. Target prod has schemas of plain names, every other target puts its own in front
    (dev_ann_staging, ci_marts).

    Marts of prod are built beside the published ones: the name of that schema is read from ONTIME_MARTS_SCHEMA, so that
    docs can be generated with the published name. Not from flags.WHICH: partial parsing keeps the first answer, and a run
    could then write straight into `marts`.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name or 'warehouse') | trim -%}
    {%- if target.name != 'prod' -%}
        {{ target.schema }}_{{ name }}
    {%- elif name == 'marts' -%}
        {{ env_var('ONTIME_MARTS_SCHEMA', 'marts__build') }}
    {%- else -%}
        {{ name }}
    {%- endif -%}
{%- endmacro %}


{# Only target prod publishes; the name of what readers see stands here and in cli/server/roles.sql. #}
{% macro published_schema() -%}
    {{ return('marts' if target.name == 'prod' else none) }}
{%- endmacro %}


{# Publication changes rows of `marts`; no model may ever be built right there. #}
{% macro refuse_to_build_into_published_marts() %}
    {%- if execute and flags.WHICH not in ('compile', 'docs', 'generate', 'list')
        and generate_schema_name('marts', none) | trim == published_schema() -%}
        {{ exceptions.raise_compiler_error(
            "ONTIME_MARTS_SCHEMA names the published schema: this run would write where readers read. "
            ~ "Unset it (it is for `docs generate` only) and run again."
        ) }}
    {%- endif -%}
{% endmacro %}


{# Is a schema part of somebody's own space? cli/development/space/names.py marks them by a comment; takes its oid in SQL. #}
{% macro is_own_space(schema) -%}
    coalesce(obj_description({{ schema }}, 'pg_namespace') like 'own space of %', false)
{%- endmacro %}


{#
    What another role makes, transformer could not build upon later; dbt's own `role:` setting is lost at the first rollback. On Spark
    sessions have no such roles, and settings that change what SQL means (cli/spark/settings.py has the reasons).
#}
{% macro refuse_other_sessions() %}{% if execute and flags.INTROSPECT %}{% do adapter.dispatch('refuse_other_sessions')() %}{% endif %}{% endmacro %}

{% macro default__refuse_other_sessions() %}
    {%- set role = run_query('select current_user').rows[0][0] -%}
    {%- if role != 'transformer' -%}
        {{ exceptions.raise_compiler_error(
            "this run is connected as " ~ role ~ ", and all that dbt builds belongs to transformer. "
            ~ "Log in as transformer, or set PGOPTIONS='-c role=transformer'; `ontime build` does it for you."
        ) }}
    {%- endif -%}
{% endmacro %}

{% macro spark__refuse_other_sessions() %}
    {%- set needed = {
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.ansi.enabled': 'true',
        'spark.sql.sources.partitionOverwriteMode': 'dynamic',
    } -%}
    {%- for name, value in needed.items() -%}
        {%- set found = run_query('set ' ~ name).rows[0][1] -%}
        {%- if found | lower != value | lower -%}
            {{ exceptions.raise_compiler_error(
                "this cluster has " ~ name ~ "=" ~ found ~ ", with which the models mean something else. "
                ~ "Set it to " ~ value ~ " in its spark-defaults.conf."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
