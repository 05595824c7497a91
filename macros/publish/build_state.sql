{#
    What `ontime build` hands to dbt: the plan of the build (cli/building/build_plan.py), in tables of schema ops. Plain dbt has no plan:
    it runs what it is told, tests all months, and its publication leaves no state, so that the next `ontime build` does everything.
#}
{% macro build_table(name) %}
    {{ return(relation_at('ops', name)) }}
{% endmacro %}

{# The id of the plan, or an empty text. Never asked while dbt parses: partial parsing would keep the answer. #}
{% macro plan_id() %}{{ return(env_var('ONTIME_BUILD_PLAN', '') if execute else '') }}{% endmacro %}


{# What the plan has for a node, in SQL: logic, data or stands. Without a plan, logic: nothing is known to stand. #}
{% macro planned_kind_of(unique_id) -%}
    {%- if not plan_id() -%}{{ return("'logic'") }}{%- endif -%}
    coalesce((
        select kind from {{ build_table('build_plan') }} where plan_id = '{{ plan_id() }}' and unique_id = '{{ unique_id }}'
    ), 'logic')
{%- endmacro %}

{# The same, asked. #}
{% macro planned_kind(unique_id) %}
    {%- if not plan_id() -%}{{ return('logic') }}{%- endif -%}
    {{ return(run_query('select ' ~ planned_kind_of(unique_id)).columns[0].values() | first) }}
{% endmacro %}


{# The nodes that the plan lets stand as they were published, as keys of a dictionary. #}
{% macro standing_nodes() %}
    {%- set standing = {} -%}
    {%- if plan_id() -%}
        {%- set sql -%}
            select unique_id from {{ build_table('build_plan') }} where plan_id = '{{ plan_id() }}' and kind = 'stands'
        {%- endset -%}
        {%- for unique_id in run_query(sql).columns[0].values() %}{% do standing.update({unique_id: true}) %}{% endfor -%}
    {%- endif -%}
    {{ return(standing) }}
{% endmacro %}


{# The files that a build sees: those that were there when it began. What is loaded meanwhile waits for the next one. #}
{% macro is_seen_by_build(file_no) -%}
    {%- if plan_id() -%}
        {{ file_no }} in (select file_no from {{ build_table('build_files') }} where plan_id = '{{ plan_id() }}')
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# Before anything is built: what this run touches stands no longer, whoever started it. #}
{% macro mark_touched_nodes() %}
    {%- if execute and published_schema() and flags.WHICH in ('build', 'run', 'seed') and relation_exists(build_table('touched_nodes')) -%}
        {%- set touched = [] -%}
        {%- for unique_id in selected_resources if unique_id.split('.')[0] in ('model', 'seed') -%}
            {%- do touched.append("('" ~ unique_id ~ "')") -%}
        {%- endfor -%}
        {%- if touched -%}
            insert into {{ build_table('touched_nodes') }} (unique_id, kind)
            select touched.unique_id, coalesce(plan.kind, 'logic')
            from (values {{ touched | join(', ') }}) as touched (unique_id)
            left join {{ build_table('build_plan') }} as plan on plan.unique_id = touched.unique_id and plan.plan_id = '{{ plan_id() }}'
            on conflict (unique_id) do update set kind = 'logic' where excluded.kind = 'logic'
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Part of the transaction that publishes: what was published of code and inputs, and that nothing was touched since. #}
{% macro keep_state_of_build() %}
    {%- if relation_exists(build_table('build_state')) -%}
    delete from {{ build_table('build_state') }} where plan_id <> '{{ plan_id() }}';
    update {{ build_table('build_state') }} set published_at = now() where plan_id = '{{ plan_id() }}';
    delete from {{ build_table('touched_nodes') }};
    {%- endif -%}
{% endmacro %}
