with source as (

    select * from {{ source('fleet', 'aircraft') }}

),

given as (

    select
        *,
        {{ record_as_json('source') }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('manufacture_year') }} as year_of_manufacture,
        {{ whole_number('engines') }} as engine_count,
        {{ whole_number('seats') }} as seat_count,
        {{ utc_moment('updated_at') }} as updated_at_utc
    from given

)

select
    file_no,
    record_no,
    tail_number,
    owner_type,
    manufacturer,
    model,
    year_of_manufacture as manufacture_year,
    engine_count,
    seat_count,
    updated_at_utc,
    coalesce(
        case when tail_number is null then 'tail_number is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when year_of_manufacture is null then 'manufacture_year is not a whole number: ' || manufacture_year end,
        case when engine_count is null then 'engines is not a whole number: ' || engines end,
        case when seat_count is null then 'seats is not a whole number: ' || seats end,
        case when updated_at_utc is null then 'updated_at is not a moment: ' || updated_at end
    ) as reject_reason,
    raw_text
from typed
