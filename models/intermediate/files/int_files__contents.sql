{%- for landed in landed_entities() if is_staged(landed) %}
{{ 'union all' if not loop.first }}
(
    with records as (

        {{ missing_files_of(ref(staging_model(landed)), landed) }}

    )

    select
        file_version_id as version_id,
        '{{ landed.source }}' as source,
        '{{ landed.entity }}' as entity,
        file_no,
        {{ landed.month or 'cast(null as date)' }} as data_month,
        count(*) as rows_accepted,
        {{ 'count(distinct ' ~ landed.key ~ ')' if landed.key else 'cast(null as bigint)' }} as distinct_keys,
        {{ 'max(' ~ landed.as_of ~ ')' if landed.as_of else 'cast(null as date)' }} as as_of_date
    from records
    where reject_reason is null
    group by 1, 2, 3, 4, 5
)
{%- endfor %}
