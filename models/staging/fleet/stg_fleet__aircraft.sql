with source as (

    select * from {{ source('fleet', 'aircraft') }}

),

given as (

    select
        *,
        {{ csv_line(['tail_number', 'owner_type', 'manufacturer', 'model', 'manufacture_year', 'engines', 'seats',
                     'updated_at']) }} as raw_text
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
        {{ first_missing(['tail_number']) }},
        {{ first_failed_cast([
            ['manufacture_year', 'year_of_manufacture', 'a whole number'],
            ['engines', 'engine_count', 'a whole number'],
            ['seats', 'seat_count', 'a whole number'],
            ['updated_at', 'updated_at_utc', 'a moment'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
