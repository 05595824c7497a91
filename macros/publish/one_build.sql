{# `ontime build` holds a lock while it runs; plain dbt looks for it, so that the two do not build the same versions. #}
{% macro refuse_second_build() %}
    {%- if execute and target.type == 'postgres' and flags.WHICH in ('build', 'run', 'seed') and env_var('ONTIME_BUILD_LOCK', '') != 'held' -%}
        {%- set sql -%}
            select pid from pg_locks
            where locktype = 'advisory' and granted
                and database = (select oid from pg_database where datname = current_database())
                and classid = cast(hashtext('ontime') as oid) and objid in (cast(hashtext('build {{ target.name }}') as oid), cast(hashtext('build {{ target.schema }}') as oid))
        {%- endset -%}
        {%- set holders = run_query(sql).columns[0].values() -%}
        {%- if holders -%}
            {{ exceptions.raise_compiler_error(
                "another build of target " ~ target.name ~ " is running (server process " ~ holders[0] ~ "); try again when it is through"
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
