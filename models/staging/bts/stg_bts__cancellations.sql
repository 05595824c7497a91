with source as (

    select * from {{ source('bts', 'cancellations') }}

),

given as (

    {{ code_and_description('source') }}

)

select
    file_no,
    record_no,
    code as cancellation_code,
    description as cancellation_reason,
    {{ first_missing(['code', 'description']) }} as reject_reason,
    raw_text
from given
