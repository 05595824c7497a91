{%- set record_models = ['int_flights__records', 'int_weather__records', 'int_delay_causes__records'] -%}

{% for records in record_models -%}
{%- set builds = months_to_build_from(records) -%}
(
    with records as (

        select * from {{ ref(records) }}

    ),

    versions (version_id, reads) as (

        {{ builds.rows }}

    )

    select
        versions.version_id,
        records.source_file_no,
        count(*) filter (where not records.is_duplicate) as rows_published,
        count(*) filter (where records.is_duplicate) as rows_duplicate
    from records
    inner join versions on versions.reads = records.version_id
    where records.version_id in ({{ builds.reads }})
    group by versions.version_id, records.source_file_no
)
{{ 'union all' if not loop.last }}
{% endfor %}
