{#- A file's version hashes its content and the logic that reads it. -#}
{%- set logic = logic_of_files() -%}

with files as (

    select * from {{ ref('int_files') }}

),

logic (model_name, source, entity, fingerprint) as (

    {% for row in logic -%}
    select
        '{{ row.model_name }}',
        '{{ row.landed.source }}',
        '{{ row.landed.entity }}',
        '{{ row.fingerprint }}'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if not logic -%}
    select
        '',
        '',
        '',
        ''
    where false
    {% endif %}
)

select
    logic.model_name,
    files.source,
    files.entity,
    files.file_no,
    files.file_id,
    {{ version_id(
        'cast(files.file_no as bigint)',
        'files.source || files.entity || files.file_id || logic.fingerprint'
    ) }} as version_id
from files
inner join logic on logic.source = files.source and logic.entity = files.entity
