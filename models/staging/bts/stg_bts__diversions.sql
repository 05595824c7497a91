with source as (

    select * from {{ source('bts', 'diversions') }}

),

given as (

    {{ code_and_description('source') }}

)

select
    file_no,
    record_no,
    code as diversion_code,
    description as diversion_description,
    {{ first_missing(['code', 'description']) }} as reject_reason,
    raw_text
from given
