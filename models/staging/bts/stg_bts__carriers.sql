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
    {{ first_missing(['code', 'description']) }} as reject_reason,
    raw_text
from given
