with source as (

    select * from {{ source('nycflights13', 'rejects') }}

)

select
    file_no,
    record_no,
    reason,
    raw_text
from source
