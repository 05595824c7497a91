with flights as (

    select * from {{ ref('int_flights__weather') }}

)

select
    flight_key,
    flight_month,
    origin_temperature_fahrenheit,
    origin_dew_point_fahrenheit,
    origin_relative_humidity_pct,
    origin_wind_direction_degrees,
    origin_wind_speed_mph,
    origin_wind_gust_mph,
    origin_precipitation_inches,
    origin_sea_level_pressure_millibars,
    origin_visibility_miles,
    origin_observed_at_utc,
    origin_observation_age_minutes,
    origin_weather_source,
    destination_temperature_fahrenheit,
    destination_dew_point_fahrenheit,
    destination_relative_humidity_pct,
    destination_wind_direction_degrees,
    destination_wind_speed_mph,
    destination_wind_gust_mph,
    destination_precipitation_inches,
    destination_sea_level_pressure_millibars,
    destination_visibility_miles,
    destination_observed_at_utc,
    destination_observation_age_minutes,
    destination_weather_source
from flights
where {{ is_current('version_id', 'int_flights__weather') }}
