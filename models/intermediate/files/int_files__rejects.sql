-- Records that landed and do not cast, and those that never landed because their structure is broken.
{%- for landed in landed_entities() %}
{%- if is_staged(landed) %}
select
    file_version_id as version_id,
    '{{ landed.source }}' as source,
    '{{ landed.entity }}' as entity,
    file_no,
    record_no,
    {{ landed.month or 'cast(null as date)' }} as data_month,
    reject_reason as reason,
    raw_text
from ({{ missing_files_of(ref(staging_model(landed)), landed) }}) as records
where reject_reason is not null
union all
{%- endif %}
select
    file_version_id as version_id,
    '{{ landed.source }}' as source,
    '{{ landed.entity }}' as entity,
    file_no,
    record_no,
    cast(null as date) as data_month,
    reason,
    raw_text
from ({{ missing_files_of(source(landed.source, 'rejects'), landed) }}) as records
{{ 'union all' if not loop.last }}
{%- endfor %}
