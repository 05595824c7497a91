with source as (

    select * from {{ source('bts', 'weekdays') }}

),

given as (

    {{ code_and_description('source') }}

)

select
    file_no,
    record_no,
    code as weekday_code,
    description as weekday_name,
    {{ first_missing(['code', 'description']) }} as reject_reason,
    raw_text
from given
