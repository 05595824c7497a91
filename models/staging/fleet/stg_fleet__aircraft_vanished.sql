with source as (

    select * from {{ source('fleet', 'aircraft_vanished') }}

)

select
    file_no,
    record_no,
    tail_number
from source
