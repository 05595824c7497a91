with source as (

    select * from {{ source('nws', 'observations') }}

),

files as (

    select * from {{ source('nws', 'files') }}

),

given as (

    select
        source.file_no,
        source.record_no,
        {{ asked_for('files.request', 'airport') }} as airport_code_iata,
        {{ stated('source.timestamp') }} as observed_at,
        -- together as a rejected record shows them, 10 wmoUnit:degC; the vocabulary of units was once called unit
        {%- for measure in ['temperature', 'dewpoint', 'relative_humidity', 'wind_direction', 'wind_speed', 'wind_gust',
                            'precipitation_last_hour', 'sea_level_pressure', 'visibility'] %}
        {{ stated('source.' ~ measure ~ '_value') }} || ' ' || coalesce(source.{{ measure }}_unit, '') as {{ measure }},
        {{ stated('source.' ~ measure ~ '_value') }} as {{ measure }}_value,
        split_part(source.{{ measure }}_unit, ':', 2) as {{ measure }}_unit,
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source
    left join files on files.file_no = source.file_no

),

-- only in the units that are known; the service has changed them before
typed as (

    with records as (select * from given)

    select
        *,
        {{ iso_timestamp('observed_at') }} as observed_at_utc,
        case when temperature_unit = 'degC' then {{ fahrenheit_of_celsius(decimal_number('temperature_value')) }} end
            as temperature_fahrenheit,
        case when dewpoint_unit = 'degC' then {{ fahrenheit_of_celsius(decimal_number('dewpoint_value')) }} end
            as dew_point_fahrenheit,
        case when relative_humidity_unit = 'percent' then {{ within(decimal_number('relative_humidity_value'), 0, 100) }} end
            as relative_humidity_pct,
        case when wind_direction_unit = 'degree_(angle)' then {{ whole_number('wind_direction_value') }} end
            as wind_direction_degrees,
        case wind_speed_unit
            when 'km_h-1' then {{ mph_of_kilometres_per_hour(decimal_number('wind_speed_value')) }}
            when 'm_s-1' then {{ mph_of_kilometres_per_hour(decimal_number('wind_speed_value') ~ ' * 3.6') }}
        end as wind_speed_mph,
        case wind_gust_unit
            when 'km_h-1' then {{ mph_of_kilometres_per_hour(decimal_number('wind_gust_value')) }}
            when 'm_s-1' then {{ mph_of_kilometres_per_hour(decimal_number('wind_gust_value') ~ ' * 3.6') }}
        end as wind_gust_mph,
        case precipitation_last_hour_unit
            when 'mm' then {{ inches_of_millimetres(decimal_number('precipitation_last_hour_value')) }}
            when 'm' then {{ inches_of_millimetres(decimal_number('precipitation_last_hour_value') ~ ' * 1000') }}
        end as precipitation_inches,
        case when sea_level_pressure_unit = 'Pa' then {{ decimal_number('sea_level_pressure_value') }} / 100 end
            as sea_level_pressure_millibars,
        case when visibility_unit = 'm' then {{ miles_of_metres(decimal_number('visibility_value')) }} end as visibility_miles
    from records

),

checked as (

    select
        *,
        coalesce(
            case when airport_code_iata is null then 'the request of the file names no airport' end,
            case when observed_at is null then 'timestamp is missing' end,
            case
                when
                    coalesce(
                        temperature, dewpoint, relative_humidity, wind_direction, wind_speed, wind_gust, precipitation_last_hour,
                        sea_level_pressure, visibility
                    ) is null
                    then 'the observation has no value'
            end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when observed_at_utc is null then 'observed_at is not a timestamp: ' || observed_at end,
            case when temperature_fahrenheit is null then 'temperature is not a number in degC: ' || temperature end,
            case when dew_point_fahrenheit is null then 'dewpoint is not a number in degC: ' || dewpoint end,
            case when relative_humidity_pct is null then 'relative_humidity is not a percentage: ' || relative_humidity end,
            case
                when wind_direction_degrees is null then 'wind_direction is not a whole number of degrees: ' || wind_direction
            end,
            case when wind_speed_mph is null then 'wind_speed is not a number in km_h-1 or m_s-1: ' || wind_speed end,
            case when wind_gust_mph is null then 'wind_gust is not a number in km_h-1 or m_s-1: ' || wind_gust end,
            case
                when precipitation_inches is null
                    then 'precipitation_last_hour is not a number in mm or m: ' || precipitation_last_hour
            end,
            case
                when sea_level_pressure_millibars is null
                    then 'sea_level_pressure is not a number in Pa: ' || sea_level_pressure
            end,
            case when visibility_miles is null then 'visibility is not a number in m: ' || visibility end
        ) as reject_reason
    from typed

)

{{ staged_observations('checked') }}
