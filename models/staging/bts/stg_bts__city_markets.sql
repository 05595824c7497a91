with source as (

    select * from {{ source('bts', 'city_markets') }}

),

given as (

    {{ code_and_description('source') }}

),

typed as (

    select
        *,
        {{ whole_number('code') }} as city_market_id_bts
    from given

)

select
    file_no,
    record_no,
    city_market_id_bts,
    description as city_market_name,
    coalesce(
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when city_market_id_bts is null then 'code is not a whole number: ' || code end
    ) as reject_reason,
    raw_text
from typed
