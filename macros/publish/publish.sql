{#
    Publication: the built marts become the published ones, in one transaction (docs/decisions/0004-publication-by-rows.md).

    Nothing is published unless every enabled model, seed and test of the graph is in the results, or stands as it was published
    (build_state.sql), and none failed: a selection, --fail-fast, Ctrl-C and left-out tests all leave gaps.
#}
{% macro publish(results) %}
    {%- if execute and flags.WHICH == 'build' and published_schema() -%}
        {%- set reason = reason_not_to_publish(results) -%}
        {%- if reason -%}
            {{ log('nothing published, ' ~ published_schema() ~ ' stays as it was: ' ~ reason, info=true) }}
        {%- else -%}
            {{ publish_built_marts() }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The hook after it: says what the publication changed. #}
{% macro report_publication(results) %}
    {%- if execute and flags.WHICH == 'build' and published_schema() and not reason_not_to_publish(results) -%}
        {%- set sql -%}
            select subject, detail from {{ run_log() }} where run_id = '{{ run_id() }}' and step = 'publish' order by subject, detail
        {%- endset -%}
        {%- for row in run_query(sql).rows -%}
            {{ log('published ' ~ published_schema() ~ '.' ~ row[0] ~ ': ' ~ row[1], info=true) }}
        {%- else -%}
            {{ log('published: nothing new, ' ~ published_schema() ~ ' was at this state already', info=true) }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# Why this run publishes nothing, or an empty text. #}
{% macro reason_not_to_publish(results) %}
    {%- set done, failed, missing = standing_nodes(), [], [] -%}
    {%- for result in results -%}
        {%- do done.update({result.node.unique_id: true}) -%}
        {%- if result.status | string not in ('success', 'pass', 'warn', 'no-op') -%}
            {%- do failed.append(result.node.name ~ ' (' ~ result.status ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for unique_id, node in graph.nodes.items()
        if unique_id not in done and node.config.enabled and node.config.materialized != 'ephemeral'
        and node.resource_type in ('model', 'seed', 'snapshot', 'test') -%}
        {%- do missing.append(node.name) -%}
    {%- endfor -%}
    {%- if failed -%}
        {{ return('failed or skipped are ' ~ failed[:5] | join(', ') ~ (' and ' ~ (failed | length - 5) ~ ' more' if failed | length > 5 else '')) }}
    {%- elif flags.EMPTY or flags.SAMPLE -%}
        {{ return('a dry run with --empty or --sample has not all rows') }}
    {%- elif missing -%}
        {{ return(missing | length ~ ' models and tests were left out; build without a selection to publish') }}
    {%- endif -%}
    {{ return(rolled_back()) }}
{% endmacro %}
