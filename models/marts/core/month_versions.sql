with versions as (

    select * from {{ ref('int_months__versions') }}

)

select
    model_name,
    data_month,
    version_id,
    state_id
from versions
