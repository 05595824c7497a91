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
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when airline_id_dot is null then 'code is not a whole number: ' || code end,
        case when carrier_code is null then 'description is not a name, a colon and a code: ' || description end
    ) as reject_reason,
    raw_text
from typed
