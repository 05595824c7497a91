with datasets (source, dataset, entity, is_staged, states_all_of) as (

    {{ entities_of_datasets() }}

),

files as (

    {% for source in landed_sources() -%}
    select
        '{{ source }}' as source,
        *
    from {{ ref('stg_' ~ source ~ '__files') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    files.*,
    -- a dataset that nobody stages is kept apart under its source's name
    coalesce(datasets.entity, files.source) as entity,
    coalesce(datasets.is_staged, false) as is_staged,
    datasets.states_all_of
from files
left join datasets on datasets.source = files.source and datasets.dataset = files.dataset
