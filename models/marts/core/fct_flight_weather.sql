with flights as (

    select * from {{ ref('int_flights__weather') }}

)

select
    flight_key,
    flight_month,
    {%- for measure in weather_measures() %}
    origin_{{ measure }},
    {%- endfor %}
    origin_observed_at_utc,
    origin_observation_age_minutes,
    origin_weather_source,
    {%- for measure in weather_measures() %}
    destination_{{ measure }},
    {%- endfor %}
    destination_observed_at_utc,
    destination_observation_age_minutes,
    destination_weather_source
from flights
where {{ is_current('version_id', 'int_flights__weather') }}
