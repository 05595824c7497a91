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
        {{ first_missing(['code', 'description']) }},
        {{ first_failed_cast([['code', 'airport_id_bts', 'a whole number']]) }}
    ) as reject_reason,
    raw_text
from typed
