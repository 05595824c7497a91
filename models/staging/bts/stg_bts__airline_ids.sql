with source as (

    select * from {{ source('bts', 'airline_ids') }}

),

given as (

    {{ code_and_description('source') }}

),

typed as (

    select
        *,
        {{ whole_number('code') }} as airline_id_dot,
        -- `Delta Air Lines Inc.: DL`
        {{ before_colon('description') }} as carrier_name,
        case when position(': ' in description) > 0 then {{ after_colon('description') }} end as carrier_code
    from given

)

select
    file_no,
    record_no,
    airline_id_dot,
    carrier_name,
    carrier_code,
    coalesce(
        {{ first_missing(['code', 'description']) }},
        {{ first_failed_cast([
            ['code', 'airline_id_dot', 'a whole number'],
            ['description', 'carrier_code', 'a name, a colon and a code'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
