{%- for landed, builds in files_to_build_by_entity(staged_entities()) %}
{%- set month = landed.month or 'cast(null as date)' %}
{{ 'union all' if not loop.first }}
(
    with records as (

        {{ records_of_files(ref(staging_model(landed)), builds) }}

    ),

    counted as (

        select
            file_version_id,
            file_no,
            {{ month }} as data_month,
            {% if landed.parts -%}
            case
                {%- for part, expression in landed.parts.items() %}
                when grouping({{ expression }}) = 0 then '{{ part }}'
                {%- endfor %}
            end as part,
            coalesce(
                {%- for expression in landed.parts.values() %}
                case when grouping({{ expression }}) = 0 then cast({{ expression }} as {{ type_text() }}) end
                {{- ',' if not loop.last }}
                {%- endfor %}
            ) as part_value,
            {%- else -%}
            cast(null as {{ type_text() }}) as part,
            cast(null as {{ type_text() }}) as part_value,
            {%- endif %}
            count(*) filter (where reject_reason is null) as rows_accepted,
            count(*) filter (where reject_reason is not null) as rows_rejected,
            {{
                'count(distinct case when reject_reason is null then ' ~ landed.key ~ ' end)' if landed.key
                else 'cast(null as bigint)'
            }} as distinct_keys,
            {{ 'max(case when reject_reason is null then ' ~ landed.as_of ~ ' end)' if landed.as_of else 'cast(null as date)' }}
                as as_of_date,
            min(reject_reason) as first_reason
        from records
        group by grouping sets (
            (file_version_id, file_no, {{ month }})
            {%- for expression in (landed.parts or {}).values() %},
            (file_version_id, file_no, {{ month }}, {{ expression }})
            {%- endfor %}
        )

    )

    select
        file_version_id as version_id,
        '{{ landed.source }}' as source,
        '{{ landed.entity }}' as entity,
        file_no,
        data_month,
        rows_accepted,
        distinct_keys,
        as_of_date,
        part,
        part_value,
        rows_rejected,
        first_reason
    from counted
    -- of a part only what counts: a value that did not cast is none
    where part is null or (rows_accepted > 0 and part_value is not null)
)
{%- endfor %}
