with source as (

    select * from {{ source('airportsdata', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is Namibia
        {%- for column in ['icao', 'iata', 'name', 'city', 'subd', 'country', 'elevation', 'lat', 'lon', 'tz', 'lid'] %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ csv_line(['icao', 'iata', 'name', 'city', 'subd', 'country', 'elevation', 'lat', 'lon', 'tz', 'lid']) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ within(decimal_number('lat'), -90, 90) }} as latitude_degrees,
        {{ within(decimal_number('lon'), -180, 180) }} as longitude_degrees,
        -- to a tenth of a foot, which no other source gives
        cast(round(cast({{ decimal_number('elevation') }} as numeric(8, 2))) as integer) as elevation_feet,
        case when {{ is_time_zone('tz') }} then tz end as time_zone
    from given

)

select
    file_no,
    record_no,
    icao as airport_code_icao,
    iata as airport_code_iata,
    lid as local_code,
    name as airport_name,
    city as municipality,
    subd as region_name,
    country as country_code_iso,
    latitude_degrees,
    longitude_degrees,
    elevation_feet,
    time_zone,
    coalesce(
        {{ first_missing(['icao', 'name']) }},
        {{ first_failed_cast([
            ['lat', 'latitude_degrees', 'a latitude'],
            ['lon', 'longitude_degrees', 'a longitude'],
            ['elevation', 'elevation_feet', 'a number'],
            ['tz', 'time_zone', 'a time zone'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
