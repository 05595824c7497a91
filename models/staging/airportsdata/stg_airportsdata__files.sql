with source as (

    select * from {{ source('airportsdata', 'files') }}

)

select
    file_no,
    file_id,
    dataset,
    file_name,
    bytes,
    rows_seen,
    rows_landed,
    rows_rejected,
    {{ timestamptz_to_utc('received_at') }} as received_at_utc,
    columns as column_names,
    location
from source
