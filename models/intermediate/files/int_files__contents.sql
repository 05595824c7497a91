{%- for landed in landed_entities() if is_staged(landed) %}
{%- set builds = files_to_build(landed) %}
{{ 'union all' if not loop.first }}
(
    with records as (

        select * from {{ ref(staging_model(landed)) }}

    ),

    versions (version_id, file_no) as (

        {{ builds.rows }}

    )

    select
        versions.version_id,
        '{{ landed.source }}' as source,
        '{{ landed.entity }}' as entity,
        records.file_no,
        {{ landed.month or 'cast(null as date)' }} as data_month,
        count(*) as rows_accepted,
        {{ 'count(distinct records.' ~ landed.key ~ ')' if landed.key else 'cast(null as bigint)' }} as distinct_keys,
        {{ 'max(records.' ~ landed.as_of ~ ')' if landed.as_of else 'cast(null as date)' }} as as_of_date
    from records
    inner join versions on versions.file_no = records.file_no
    where records.file_no in ({{ builds.reads }}) and records.reject_reason is null
    group by 1, 2, 3, 4, 5
)
{%- endfor %}
