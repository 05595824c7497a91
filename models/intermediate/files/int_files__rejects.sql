-- Records that landed and do not cast, and those that never landed because their structure is broken.
{%- for landed in landed_entities() %}
{%- set builds = files_to_build(landed) %}
{{ 'union all' if not loop.first }}
(
    with records as (

        {% if is_staged(landed) -%}
        select
            file_no,
            record_no,
            reject_reason,
            raw_text
        from {{ ref(staging_model(landed)) }}
        where reject_reason is not null
        union all
        {% endif -%}
        select
            file_no,
            record_no,
            reason as reject_reason,
            raw_text
        from {{ source(landed.source, 'rejects') }}

    ),

    versions (version_id, file_no) as (

        {{ builds.rows }}

    )

    select
        versions.version_id,
        '{{ landed.source }}' as source,
        '{{ landed.entity }}' as entity,
        records.file_no,
        records.record_no,
        records.reject_reason as reason,
        records.raw_text
    from records
    inner join versions on versions.file_no = records.file_no
    where records.file_no in ({{ builds.reads }})
)
{%- endfor %}
