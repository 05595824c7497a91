with source as (

    select * from {{ source('nycflights13', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- no missing-value code for the code itself: NA could be one
        nullif(faa, '') as faa,
        {%- for column in ['name', 'lat', 'lon', 'alt', 'tzone'] %}
        {{ na_to_null(column) }} as {{ column }},
        {%- endfor %}
        {{ csv_line(['faa', 'name', 'lat', 'lon', 'alt', 'tz', 'dst', 'tzone']) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ within(decimal_number('lat'), -90, 90) }} as latitude_degrees,
        {{ within(decimal_number('lon'), -180, 180) }} as longitude_degrees,
        {{ whole_number('alt') }} as elevation_feet,
        case when {{ is_time_zone('tzone') }} then tzone end as time_zone
    from given

),

final as (

    select
        file_no,
        record_no,
        faa as airport_code_iata,
        name as airport_name,
        latitude_degrees,
        longitude_degrees,
        elevation_feet,
        time_zone,
        coalesce(
            {{ first_missing(['faa', 'name']) }},
            {{ first_failed_cast([
                ['lat', 'latitude_degrees', 'a latitude'],
                ['lon', 'longitude_degrees', 'a longitude'],
                ['alt', 'elevation_feet', 'a whole number'],
                ['tzone', 'time_zone', 'a time zone'],
            ]) }}
        ) as reject_reason,
        raw_text
    from typed

)

select * from final
