{%- set months = months_to_build_from('int_flights__records') -%}
{%- set observed_months = months_to_build_from('int_weather__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

weather as (

    select * from {{ ref('int_weather__hourly') }}

),

versions (version_id, reads) as (

    {{ months.rows }}

),

weather_versions (version_id, reads) as (

    {{ observed_months.rows }}

),

records as (

    select
        versions.version_id,
        flights.flight_key,
        flights.flight_month,
        flights.origin_airport_code_iata,
        flights.destination_airport_code_iata,
        flights.scheduled_departure_at_utc,
        flights.scheduled_arrival_at_utc
    from flights
    inner join versions on versions.reads = flights.version_id
    where flights.version_id in ({{ months.reads }})

),

{{ weather_by_hour(observed_months.reads) }}

select
    records.version_id,
    records.flight_key,
    records.flight_month,
    {%- for measure in weather_measures() %}
    origin_weather.{{ measure }} as origin_{{ measure }},
    {%- endfor %}
    origin_weather.observed_at_utc as origin_observed_at_utc,
    {{ minutes_between('origin_weather.observed_at_utc', 'records.scheduled_departure_at_utc') }}
        as origin_observation_age_minutes,
    origin_weather.weather_source as origin_weather_source,
    {%- for measure in weather_measures() %}
    destination_weather.{{ measure }} as destination_{{ measure }},
    {%- endfor %}
    destination_weather.observed_at_utc as destination_observed_at_utc,
    {{ minutes_between('destination_weather.observed_at_utc', 'records.scheduled_arrival_at_utc') }}
        as destination_observation_age_minutes,
    destination_weather.weather_source as destination_weather_source
from records
left join hours as origin_weather
    on origin_weather.counts_in_hour
    = {{ hour_of_airport('records.version_id', 'records.origin_airport_code_iata', 'records.scheduled_departure_at_utc') }}
    and {{ is_known_at('origin_weather', 'records.scheduled_departure_at_utc') }}
left join hours as destination_weather
    on destination_weather.counts_in_hour
    = {{ hour_of_airport('records.version_id', 'records.destination_airport_code_iata', 'records.scheduled_arrival_at_utc') }}
    and {{ is_known_at('destination_weather', 'records.scheduled_arrival_at_utc') }}
