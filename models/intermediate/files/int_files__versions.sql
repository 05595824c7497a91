{#- A file's version hashes its content and the logic of its own staging model: a change to weather leaves flights alone. -#}
{%- set logic = [] -%}
{%- for history in history_models('file') -%}
    {%- for landed in landed_datasets() -%}
        {%- set nodes = [history.node] -%}
        {%- for staged in history.lineage.logic if staged.name in (staging_model(landed), 'stg_' ~ landed.source ~ '__rejects') -%}
            {%- do nodes.extend(lineage(staged.unique_id).logic) -%}
        {%- endfor -%}
        {%- do logic.append((history.node.name, landed, fingerprint(nodes))) -%}
    {%- endfor -%}
{%- endfor -%}

with files as (

    select * from {{ ref('int_files') }}

),

logic (model_name, source, dataset, fingerprint) as (

    {% for model_name, landed, logic_fingerprint in logic -%}
    select
        '{{ model_name }}',
        '{{ landed.source }}',
        '{{ landed.dataset }}',
        '{{ logic_fingerprint }}'
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
    files.dataset,
    files.file_no,
    files.file_id,
    {{ version_id(
        'cast(files.file_no as bigint)',
        'files.source || files.dataset || files.file_id || logic.fingerprint'
    ) }} as version_id
from files
inner join logic on logic.source = files.source and logic.dataset = files.dataset
