{#-
    The chain of versions: models that read files hash the files of a release, models that read those hash their versions, and so
    on. Read off the graph (macros/versions/), so that a new history model needs no line here.
-#}
-- depends_on: {{ ref('int_airports__time_zones') }}
-- depends_on: {{ ref('int_airports__bts_ids') }}
-- depends_on: {{ ref('int_carriers__bts_ids') }}
{%- set published = published_relation('month_versions') if execute %}

with month_files as (

    select * from {{ ref('int_files__releases') }}
    where data_month is not null

),

{% for history in history_models('month') -%}
{% set settings = history_of(history.node) -%}
{{ history.node.name }} as (

    select
        data_month,
        max(release_no) as release_no,
        max(known_from_utc) as known_from_utc,
        max(case when is_own then known_to_utc end) as known_to_utc,
        bool_and(is_complete_month) as is_complete_month,
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
            file_id as built_from,
            true as is_own
        from month_files
        where entity = '{{ settings.entity }}'
        {%- endif %}
        {%- for input in history.lineage.inputs if history_of(input).slice == 'month' %}
        {{ 'union all' if settings.entity or not loop.first }}
        select
            data_month,
            release_no,
            known_from_utc,
            known_to_utc,
            is_complete_month,
            '{{ input.name }}:' || version_id as built_from,
            true as is_own
        from {{ input.name }}
        {%- if settings.reads in ('month before', 'release before') %}
        union all
        select
            {{ 'data_month' if settings.reads == 'release before' else "cast(data_month + interval '1' month as date)" }} as data_month,
            {{ 'release_no + 1' if settings.reads == 'release before' else 'release_no' }} as release_no,
            known_from_utc,
            known_to_utc,
            is_complete_month,
            'before:{{ input.name }}:' || version_id as built_from,
            false as is_own
        from {{ input.name }}
        {%- endif %}
        {%- endfor %}
    ) as parts
    {%- if has_all_releases(history.node) %}
    group by data_month, release_no
    {%- else %}
    where known_to_utc is null
    group by data_month
    {%- endif %}
    -- a month that only follows one with data is no month; a first release has none before it to be compared with
    having bool_or(is_own){% if settings.reads == 'release before' %} and bool_or(not is_own){% endif %}

),

{% endfor -%}
versions as (

    {% for history in history_models('month') -%}
    select
        '{{ history.node.name }}' as model_name,
        data_month,
        release_no,
        known_from_utc,
        known_to_utc,
        is_complete_month,
        version_id
    from {{ history.node.name }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if not history_models('month') -%}
    select
        '' as model_name,
        data_month,
        release_no,
        known_from_utc,
        known_to_utc,
        is_complete_month,
        0 as version_id
    from month_files
    where false
    {% endif %}
),

-- what the tests of a month speak of: its versions, the marts' own logic and the tests themselves
states as (

    select
        data_month,
        md5(
            {{ string_agg_ordered('cast(version_id as ' ~ type_text() ~ ')', '|', 'version_id') }}
            || '{{ marts_and_tests_fingerprint() if execute }}'
        ) as state_id
    from versions
    group by data_month

)

select
    versions.model_name,
    versions.data_month,
    versions.release_no,
    versions.known_from_utc,
    versions.known_to_utc,
    versions.is_complete_month,
    versions.version_id,
    states.state_id,
    {% if published -%}
    not exists (
        select 1 from {{ published }} as published
        where published.data_month = versions.data_month and published.state_id = states.state_id
    ) as is_pending
    {%- else -%}
    true as is_pending
    {%- endif %}
from versions
inner join states on states.data_month = versions.data_month
