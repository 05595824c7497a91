{#
    The record of runs, ops.runs: what commands did, and what each publication changed. `ontime up` makes the table (cli/runs/runs.sql),
    the command writes its own rows, and a publication the rows of step `publish`, one for each mart that changed.
#}
{% macro run_log() %}{{ return(relation_at('ops', 'runs')) }}{% endmacro %}

{# The run of `ontime` that this is a part of; plain dbt's own otherwise. Never asked while dbt parses: partial parsing would keep it. #}
{% macro run_id() %}{{ return((env_var('ONTIME_BUILD_RUN', '') if execute else '') or invocation_id) }}{% endmacro %}


{# One mart that a publication changed, within its transaction; takes SQL. #}
{% macro record_publication(mart, change, rows='null') -%}
    insert into {{ run_log() }} (run_id, step, subject, outcome, detail, row_count, started_at, ended_at)
    values ('{{ run_id() }}', 'publish', {{ mart }}, 'succeeded', {{ change }}, {{ rows }}, now(), clock_timestamp())
{%- endmacro %}

{# The row of the command itself, where nobody else writes it. #}
{% macro record_plain_dbt() -%}
    {%- if run_id() == invocation_id -%}
    insert into {{ run_log() }} (run_id, command, step, outcome, exit_code, started_at, ended_at, seconds)
    values (
        '{{ run_id() }}', 'dbt build', 'command', 'succeeded', 0, '{{ run_started_at.isoformat() }}', clock_timestamp(),
        extract(epoch from clock_timestamp() - '{{ run_started_at.isoformat() }}')
    );
    {%- endif -%}
{%- endmacro %}


{# Before anything is built: audit_runs reads it, and a publication that cannot be recorded would fail at its end. #}
{% macro refuse_without_run_log() %}
    {%- if execute and target.type == 'postgres' and flags.WHICH in ('build', 'run') and not relation_exists(run_log()) -%}
        {{ exceptions.raise_compiler_error('there is no table ' ~ run_log() ~ ' yet, where runs are recorded. Make it: ontime up') }}
    {%- endif -%}
{% endmacro %}
