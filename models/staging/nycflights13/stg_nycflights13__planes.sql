with source as (

    select * from {{ source('nycflights13', 'planes') }}

),

given as (

    select
        file_no,
        record_no,
        {{ stated('tailnum') }} as tailnum,
        {{ stated('year') }} as year,
        {{ stated('type') }} as type,
        {{ stated('manufacturer') }} as manufacturer,
        {{ stated('model') }} as model,
        {{ stated('engines') }} as engines,
        {{ stated('seats') }} as seats,
        {{ stated('speed') }} as speed,
        {{ stated('engine') }} as engine,
        {{ record_as_json('source') }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('year') }} as manufacture_year,
        {{ whole_number('engines') }} as engine_count,
        {{ whole_number('seats') }} as seat_count,
        {{ whole_number('speed') }} as cruising_speed_mph
    from given

),

final as (

    select
        file_no,
        record_no,
        tailnum as tail_number,
        manufacture_year,
        type as aircraft_type,
        manufacturer,
        model,
        engine_count,
        seat_count,
        cruising_speed_mph,
        engine as engine_type,
        coalesce(
            case when tailnum is null then 'tailnum is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when manufacture_year is null then 'year is not a whole number: ' || year end,
            case when engine_count is null then 'engines is not a whole number: ' || engines end,
            case when seat_count is null then 'seats is not a whole number: ' || seats end,
            case when cruising_speed_mph is null then 'speed is not a whole number: ' || speed end
        ) as reject_reason,
        raw_text
    from typed

)

select * from final
