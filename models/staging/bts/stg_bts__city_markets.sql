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
        {{ first_missing(['code', 'description']) }},
        {{ first_failed_cast([['code', 'city_market_id_bts', 'a whole number']]) }}
    ) as reject_reason,
    raw_text
from typed
