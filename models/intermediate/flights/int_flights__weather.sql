with flights as (

    {{ missing_months_of('int_flights') }}

),

weather as (

    {{ missing_months_of('int_weather__hourly') }}

),

{{ weather_by_hour() }}

select
    flights.month_version_id as version_id,
    flights.flight_key,
    flights.flight_month,
    {%- for measure in weather_measures() %}
    origin_weather.{{ measure }} as origin_{{ measure }},
    {%- endfor %}
    origin_weather.observed_at_utc as origin_observed_at_utc,
    {{ minutes_between('origin_weather.observed_at_utc', 'flights.scheduled_departure_at_utc') }}
        as origin_observation_age_minutes,
    origin_weather.weather_source as origin_weather_source,
    {%- for measure in weather_measures() %}
    destination_weather.{{ measure }} as destination_{{ measure }},
    {%- endfor %}
    destination_weather.observed_at_utc as destination_observed_at_utc,
    {{ minutes_between('destination_weather.observed_at_utc', 'flights.scheduled_arrival_at_utc') }}
        as destination_observation_age_minutes,
    destination_weather.weather_source as destination_weather_source
from flights
left join hours as origin_weather
    on origin_weather.counts_in_hour
    = {{ hour_of_airport('flights.month_version_id', 'flights.origin_airport_code_iata', 'flights.scheduled_departure_at_utc') }}
    and {{ is_known_at('origin_weather', 'flights.scheduled_departure_at_utc') }}
left join hours as destination_weather
    on destination_weather.counts_in_hour
    = {{ hour_of_airport(
        'flights.month_version_id', 'flights.destination_airport_code_iata', 'flights.scheduled_arrival_at_utc'
    ) }}
    and {{ is_known_at('destination_weather', 'flights.scheduled_arrival_at_utc') }}
