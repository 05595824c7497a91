{#-
    The chain of versions: models that read files hash the files of the month, models that read those hash their versions, and
    so on. Read off the graph (macros/versions/), so that a new history model needs no line here.
-#}
-- depends_on: {{ ref('int_airports__time_zones') }}
{%- set published = published_month_versions() if execute %}

with month_files as (

    select * from {{ ref('int_files__current') }}

),

{% for history in history_models('month') -%}
{% set settings = history_of(history.node) -%}
{{ history.node.name }} as (

    select
        data_month,
        {{ version_id(
            month_number('data_month'),
            string_agg_ordered('built_from', '|', 'built_from') ~ " || '|" ~ constant_inputs(history) ~ "'"
        ) }} as version_id
    from (
        {%- if settings.dataset %}
        select
            data_month,
            file_id as built_from,
            true as is_own_month
        from month_files
        where dataset = '{{ settings.dataset }}'
        {%- endif %}
        {%- for input in history.lineage.inputs if history_of(input).slice == 'month' %}
        {{ 'union all' if settings.dataset or not loop.first }}
        select
            data_month,
            '{{ input.name }}:' || version_id as built_from,
            true as is_own_month
        from {{ input.name }}
        {%- if settings.previous_month %}
        union all
        select
            cast(data_month + interval '1' month as date),
            'before:{{ input.name }}:' || version_id,
            false
        from {{ input.name }}
        {%- endif %}
        {%- endfor %}
    ) as parts
    group by data_month
    -- a month that only follows one with data is no month
    having bool_or(is_own_month)

),

{% endfor -%}
versions as (

    {% for history in history_models('month') -%}
    select
        '{{ history.node.name }}' as model_name,
        data_month,
        version_id
    from {{ history.node.name }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if not history_models('month') -%}
    select
        '' as model_name,
        data_month,
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
            {{ string_agg_ordered('cast(version_id as ' ~ type_text() ~ ')', '|', 'model_name') }}
            || '{{ marts_and_tests_fingerprint() if execute }}'
        ) as state_id
    from versions
    group by data_month

)

select
    versions.model_name,
    versions.data_month,
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
