with source as (

    select * from {{ source('faa', 'rejects') }}

)

select
    file_no,
    record_no,
    reason,
    raw_text
from source
