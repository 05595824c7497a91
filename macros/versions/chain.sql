{#
    The versions of one model of months: one per month and release, made of the versions or files that it reads. Reads the common
    table expressions `month_files` and those of its inputs.
#}
{% macro versions_of(history) -%}
{%- set settings = history_of(history.node) -%}
select
    data_month,
    max(case when is_own then release_no end) as release_no,
    max(known_from_utc) as known_from_utc,
    max(case when is_own then known_to_utc end) as known_to_utc,
    bool_and(is_complete_month or not is_own) as is_complete_month,
    {{ version_id(
        month_number('data_month'),
        string_agg_ordered('built_from', '|', 'built_from') ~ " || '|" ~ constant_inputs(history) ~ "'"
    ) }} as version_id
from (
    {%- if settings.entity %}
    select
        data_month,
        release_no,
        known_from_utc,
        known_to_utc,
        is_complete_month,
        -- what comes back is a release of its own: a version has one place in the series
        file_id || case when recurrence > 1 then ' again ' || recurrence else '' end as built_from,
        true as is_own
    from month_files
    where entity = '{{ settings.entity }}'
    {%- endif %}
    {%- for input in history.lineage.inputs if history_of(input).slice == 'month' %}
    {{ 'union all' if settings.entity or not loop.first }}
    {{ parts_read(history.node, input) }}
    {%- endfor %}
) as parts
{%- if has_all_releases(history.node) %}
group by data_month, release_no
{%- else %}
where known_to_utc is null
group by data_month
{%- endif %}
-- a month of which only neighbours are there is no month; a first release has none before it to be compared with
having bool_or(is_own){% if settings.reads == 'release before' %} and bool_or(not is_own){% endif %}
{%- endmacro %}


{#
    What a month's version has of one input: the input's version of that month, of other months that it reads too, or of the
    release before.
#}
{% macro parts_read(node, input) -%}
{%- for months in months_read(node, input.name) %}
    {{ 'union all' if not loop.first }}
    select
        {{ months_after('data_month', -months) }} as data_month,
        release_no,
        known_from_utc,
        known_to_utc,
        is_complete_month,
        '{{ input.name }}{{ ' %+d' % months if months }}:' || version_id as built_from,
        {{ months == 0 and makes_months(node, input.name) }} as is_own
    from {{ input.name }}
{%- endfor %}
{%- if history_of(node).reads == 'release before' %}
    union all
    select
        data_month,
        release_no + 1 as release_no,
        known_from_utc,
        known_to_utc,
        is_complete_month,
        'before:{{ input.name }}:' || version_id as built_from,
        false as is_own
    from {{ input.name }}
{%- endif %}
{%- endmacro %}
