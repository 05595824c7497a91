with source as (

    select * from {{ source('open_meteo', 'archive') }}

),

files as (

    select * from {{ source('open_meteo', 'files') }}

),

given as (

    select
        source.file_no,
        source.record_no,
        {{ asked_for('files.request', 'airport') }} as airport_code_iata,
        {{ stated('source.time') }} as time,
        {{ stated('source.temperature_2m') }} as temperature_2m,
        {{ stated('source.dew_point_2m') }} as dew_point_2m,
        {{ stated('source.relative_humidity_2m') }} as relative_humidity_2m,
        {{ stated('source.wind_direction_10m') }} as wind_direction_10m,
        {{ stated('source.wind_speed_10m') }} as wind_speed_10m,
        {{ stated('source.wind_gusts_10m') }} as wind_gusts_10m,
        {{ stated('source.precipitation') }} as precipitation,
        {{ stated('source.pressure_msl') }} as pressure_msl,
        {{ record_as_json('source') }} as raw_text
    from source
    left join files on files.file_no = source.file_no

),

-- degrees Celsius, kilometres per hour, millimetres, hectopascals: landing refuses an answer in other units
typed as (

    with records as (select * from given)

    select
        *,
        {{ iso_timestamp('time') }} as observed_at_utc,
        {{ fahrenheit_of_celsius(decimal_number('temperature_2m')) }} as temperature_fahrenheit,
        {{ fahrenheit_of_celsius(decimal_number('dew_point_2m')) }} as dew_point_fahrenheit,
        {{ within(decimal_number('relative_humidity_2m'), 0, 100) }} as relative_humidity_pct,
        {{ whole_number('wind_direction_10m') }} as wind_direction_degrees,
        {{ mph_of_kilometres_per_hour(decimal_number('wind_speed_10m')) }} as wind_speed_mph,
        {{ mph_of_kilometres_per_hour(decimal_number('wind_gusts_10m')) }} as wind_gust_mph,
        {{ inches_of_millimetres(decimal_number('precipitation')) }} as precipitation_inches,
        {{ decimal_number('pressure_msl') }} as sea_level_pressure_millibars,
        -- the archive has none
        cast(null as {{ type_double() }}) as visibility_miles
    from records

),

checked as (

    select
        *,
        coalesce(
            case when airport_code_iata is null then 'the request of the file names no airport' end,
            case when time is null then 'time is missing' end,
            -- hours that the archive does not have yet are in its answers all the same
            case
                when
                    coalesce(
                        temperature_2m, dew_point_2m, relative_humidity_2m, wind_direction_10m, wind_speed_10m, wind_gusts_10m,
                        precipitation, pressure_msl
                    ) is null
                    then 'the hour has no value'
            end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when observed_at_utc is null then 'time is not a timestamp: ' || time end,
            case when temperature_fahrenheit is null then 'temperature_2m is not a number: ' || temperature_2m end,
            case when dew_point_fahrenheit is null then 'dew_point_2m is not a number: ' || dew_point_2m end,
            case when relative_humidity_pct is null then 'relative_humidity_2m is not a percentage: ' || relative_humidity_2m end,
            case when wind_direction_degrees is null then 'wind_direction_10m is not a whole number: ' || wind_direction_10m end,
            case when wind_speed_mph is null then 'wind_speed_10m is not a number: ' || wind_speed_10m end,
            case when wind_gust_mph is null then 'wind_gusts_10m is not a number: ' || wind_gusts_10m end,
            case when precipitation_inches is null then 'precipitation is not a number: ' || precipitation end,
            case when sea_level_pressure_millibars is null then 'pressure_msl is not a number: ' || pressure_msl end
        ) as reject_reason
    from typed

)

{{ staged_observations('checked') }}
