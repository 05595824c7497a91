with datasets (source, dataset, entity, is_staged, states_all_of) as (

    {{ entities_of_datasets() }}

),

-- each source keeps the same ledger (ingestion/landing/ledger.py)
files as (

    {% for name in landed_sources() -%}
    select
        '{{ name }}' as source,
        file_no,
        file_id,
        dataset,
        file_name,
        location as file_location,
        columns as column_names,
        request,
        bytes,
        rows_seen,
        rows_landed,
        rows_rejected,
        rows_unchanged,
        {{ timestamptz_to_utc('received_at') }} as received_at_utc,
        load_id
    from {{ source(name, 'files') }}
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
-- what is loaded while a build runs waits for the next one
where {{ is_seen_by_build('files.file_no') }}
