with source as (

    select * from {{ source('bts', 'airport_ids') }}

),

given as (

    {{ code_and_description('source') }}

),

typed as (

    select
        *,
        {{ whole_number('code') }} as airport_id_bts
    from given

)

select
    file_no,
    record_no,
    airport_id_bts,
    {{ before_colon('description') }} as city_name,
    {{ after_colon('description') }} as airport_name,
    coalesce(
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when airport_id_bts is null then 'code is not a whole number: ' || code end
    ) as reject_reason,
    raw_text
from typed
