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
{{ history.node.name }} as (

    {{ versions_of(history) }}

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

-- what tests of a month speak of
states as (

    select
        data_month,
        md5({{ string_agg_ordered('cast(version_id as ' ~ type_text() ~ ')', '|', 'version_id') }}) as state_id
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
