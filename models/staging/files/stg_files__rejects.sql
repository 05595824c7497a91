with source as (

    select * from {{ source('files', 'rejects') }}

)

select
    file_no,
    record_no,
    reason,
    raw_text
from source
