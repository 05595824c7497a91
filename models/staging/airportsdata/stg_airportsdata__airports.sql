with source as (

    select * from {{ source('airportsdata', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is Namibia
        {{ trimmed('icao') }} as icao,
        {{ trimmed('iata') }} as iata,
        {{ trimmed('name') }} as name,
        {{ trimmed('city') }} as city,
        {{ trimmed('subd') }} as subd,
        {{ trimmed('country') }} as country,
        {{ stated('elevation') }} as elevation,
        {{ stated('lat') }} as lat,
        {{ stated('lon') }} as lon,
        {{ trimmed('tz') }} as tz,
        {{ trimmed('lid') }} as lid,
        {{ record_as_json('source') }} as raw_text
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
        case when icao is null then 'icao is missing' end,
        case when name is null then 'name is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when latitude_degrees is null then 'lat is not a latitude: ' || lat end,
        case when longitude_degrees is null then 'lon is not a longitude: ' || lon end,
        case when elevation_feet is null then 'elevation is not a number: ' || elevation end,
        case when time_zone is null then 'tz is not a time zone: ' || tz end
    ) as reject_reason,
    raw_text
from typed
