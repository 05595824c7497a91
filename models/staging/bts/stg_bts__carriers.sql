with source as (

    select * from {{ source('bts', 'carriers') }}

),

given as (

    {{ code_and_description('source') }}

)

select
    file_no,
    record_no,
    code as carrier_code,
    description as carrier_name,
    coalesce(
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end
    ) as reject_reason,
    raw_text
from given
