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

observations as (

    select
        weather_versions.version_id as flights_version_id,
        weather.*,
        lead(weather.observed_at_utc) over (
            partition by weather_versions.version_id, weather.airport_code_iata order by weather.observed_at_utc
        ) as next_observed_at_utc
    from weather
    inner join weather_versions on weather_versions.reads = weather.version_id
    where
        weather.version_id in ({{ observed_months.reads }})
        -- of the months before and after, what flights of the month can meet: local clocks are within 14 hours of UTC, flights
        -- take less than a day, and an observation counts for three hours
        and weather.observed_at_utc >= {{ version_month('weather_versions.version_id') }} - interval '1' day
        and weather.observed_at_utc
        < {{ months_after(version_month('weather_versions.version_id'), 1) }} + interval '2' day

),

-- Once for each clock hour in which it may count, three hours at most: a flight finds it by an equal hour, which both engines
-- join by hash, where a join on a range alone compares each flight with each observation.
hours as (

    select
        observations.*,
        observations.observation_hour_utc + later.hours * interval '1' hour as counts_in_hour_utc
    from observations
    cross join (values (0), (1), (2), (3)) as later (hours)
    where
        observations.next_observed_at_utc is null
        or observations.next_observed_at_utc > observations.observation_hour_utc + later.hours * interval '1' hour

)

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
    on origin_weather.flights_version_id = records.version_id
    and origin_weather.airport_code_iata = records.origin_airport_code_iata
    and origin_weather.counts_in_hour_utc = date_trunc('hour', records.scheduled_departure_at_utc)
    and {{ is_known_at('origin_weather', 'records.scheduled_departure_at_utc') }}
left join hours as destination_weather
    on destination_weather.flights_version_id = records.version_id
    and destination_weather.airport_code_iata = records.destination_airport_code_iata
    and destination_weather.counts_in_hour_utc = date_trunc('hour', records.scheduled_arrival_at_utc)
    and {{ is_known_at('destination_weather', 'records.scheduled_arrival_at_utc') }}
