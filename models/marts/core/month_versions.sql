with versions as (

    select * from {{ ref('int_months__versions') }}

)

select
    model_name,
    data_month,
    release_no,
    version_id,
    known_from_utc,
    known_to_utc,
    is_complete_month,
    state_id
from versions
