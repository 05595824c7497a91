with flights as (

    select * from {{ ref('int_features__flights') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

)

select
    flights.flight_key,
    flights.flight_month,
    flights.flight_date_local,
    {{ time_split('flights.flight_date_local') }} as split,
    flights.carrier_code,
    flights.flight_number,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    flights.scheduled_departure_at_local,
    flights.scheduled_departure_at_utc,
    flights.cutoff_at_utc,
    dates.month_number,
    dates.iso_day_of_week,
    dates.days_from_holiday,
    cast(extract(hour from flights.scheduled_departure_at_local) as integer) as scheduled_departure_hour_local,
    cast(extract(hour from flights.scheduled_arrival_at_local) as integer) as scheduled_arrival_hour_local,
    flights.scheduled_minutes,
    flights.distance_miles,
    flights.origin_departures_in_hour,
    flights.destination_arrivals_in_hour,
    {%- for subject in state_subjects() %}
    flights.{{ subject.name }}_{{ subject.counts }}s_3h,
    flights.{{ subject.name }}_mean_{{ subject.counts[:3] }}_delay_minutes_3h,
    flights.{{ subject.name }}_late_{{ subject.counts }}s_pct_3h,
    {%- endfor %}
    flights.origin_waiting_3h,
    flights.carrier_waiting_3h,
    {%- for subject in history_subjects() %}
    flights.{{ subject.name }}_flights_28d,
    flights.{{ subject.name }}_cancelled_pct_28d,
    flights.{{ subject.name }}_on_time_pct_28d,
    flights.{{ subject.name }}_mean_arr_delay_minutes_28d,
    {%- endfor %}
    {%- for end in ['origin', 'destination'] %}
    {%- for measure in known_weather_measures() %}
    flights.{{ end }}_{{ measure }},
    {%- endfor %}
    flights.{{ end }}_weather_age_minutes,
    {%- endfor %}
    flights.target_is_late_15,
    flights.target_arr_delay_minutes,
    flights.target_dep_delay_minutes,
    flights.target_is_cancelled,
    flights.target_is_diverted,
    flights.target_is_on_time
from flights
left join dates on dates.date_day = flights.flight_date_local
where {{ is_current('flights.version_id', 'int_features__flights') }}
