{%- set values = ['temperature_2m', 'dew_point_2m', 'relative_humidity_2m', 'wind_direction_10m', 'wind_speed_10m',
                  'wind_gusts_10m', 'precipitation', 'pressure_msl'] -%}

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
        {%- for column in ['time'] + values %}
        nullif(source.{{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source
    left join files on files.file_no = source.file_no

),

-- degrees Celsius, kilometres per hour, millimetres, hectopascals: landing refuses an answer in other units
typed as (

    select
        *,
        {{ iso_minute('time') }} as observed_at_utc,
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
    from given

),

checked as (

    select
        *,
        coalesce(
            case when airport_code_iata is null then 'the request of the file names no airport' end,
            {{ first_missing(['time']) }},
            -- hours that the archive does not have yet are in its answers all the same
            case when coalesce({{ values | join(', ') }}) is null then 'the hour has no value' end,
            {{ first_failed_cast([
                ['time', 'observed_at_utc', 'a timestamp'],
                ['temperature_2m', 'temperature_fahrenheit', 'a number'],
                ['dew_point_2m', 'dew_point_fahrenheit', 'a number'],
                ['relative_humidity_2m', 'relative_humidity_pct', 'a percentage'],
                ['wind_direction_10m', 'wind_direction_degrees', 'a whole number'],
                ['wind_speed_10m', 'wind_speed_mph', 'a number'],
                ['wind_gusts_10m', 'wind_gust_mph', 'a number'],
                ['precipitation', 'precipitation_inches', 'a number'],
                ['pressure_msl', 'sea_level_pressure_millibars', 'a number'],
            ]) }}
        ) as reject_reason
    from typed

)

{{ staged_observations('checked') }}
