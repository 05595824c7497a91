{#- Most files have no reject, and casting their records to find none costs as much as counting them did. -#}
{%- set contents = ref('int_files__contents') -%}
{%- set has_uncast = 'true' -%}
{%- if execute and relation_exists(contents) -%}
    {%- set has_uncast = 'versions.file_no in (select file_no from ' ~ contents ~ ' where rows_rejected > 0)' -%}
{%- endif -%}

-- Records that landed and do not cast, and those that never landed because their structure is broken.
{%- for landed, builds in files_to_build_by_entity(staged_entities(), has_uncast) %}
select
    file_version_id as version_id,
    '{{ landed.source }}' as source,
    '{{ landed.entity }}' as entity,
    file_no,
    record_no,
    {{ landed.month or 'cast(null as date)' }} as data_month,
    reject_reason as reason,
    raw_text
from ({{ records_of_files(ref(staging_model(landed)), builds) }}) as records
where reject_reason is not null
union all
{%- endfor %}
{%- for landed, builds in files_to_build_by_entity(landed_entities()) %}
select
    file_version_id as version_id,
    '{{ landed.source }}' as source,
    '{{ landed.entity }}' as entity,
    file_no,
    record_no,
    cast(null as date) as data_month,
    reason,
    raw_text
from ({{ records_of_files(source(landed.source, 'rejects'), builds) }}) as records
{{ 'union all' if not loop.last }}
{%- endfor %}
