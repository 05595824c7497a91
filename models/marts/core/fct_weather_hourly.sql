with weather as (

    select * from {{ ref('int_weather__hourly') }}

)

select
    observation_month_utc,
    airport_code_iata,
    observed_at_utc,
    temperature_fahrenheit,
    dew_point_fahrenheit,
    relative_humidity_pct,
    wind_direction_degrees,
    wind_speed_mph,
    wind_gust_mph,
    precipitation_inches,
    sea_level_pressure_millibars,
    visibility_miles,
    source_file_no,
    source_record_no,
    observation_hour_utc,
    weather_source
from weather
where {{ is_current('version_id', 'int_weather__records') }}
