with source as (

    select * from {{ source('airportsdata', 'rejects') }}

)

select
    file_no,
    record_no,
    reason,
    raw_text
from source
