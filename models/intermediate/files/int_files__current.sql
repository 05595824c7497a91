with releases as (

    select * from {{ ref('int_files__releases') }}

)

select
    source,
    entity,
    data_month,
    release_no,
    known_from_utc,
    is_complete_month,
    file_no,
    file_id,
    received_at_utc,
    rows_accepted
from releases
where known_to_utc is null
