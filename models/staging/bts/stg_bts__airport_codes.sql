with source as (

    select * from {{ source('bts', 'airport_codes') }}

),

given as (

    {{ code_and_description('source') }}

)

select
    file_no,
    record_no,
    code as airport_code_iata,
    {{ before_colon('description') }} as city_name,
    {{ after_colon('description') }} as airport_name,
    coalesce(
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end
    ) as reject_reason,
    raw_text
from given
