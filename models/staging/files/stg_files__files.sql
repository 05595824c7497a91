with source as (

    select * from {{ source('files', 'files') }}

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
    {{ timestamptz_to_utc('received_at') }} as received_at_utc
from source
