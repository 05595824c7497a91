-- Shares are percentages, the weather was observed in the three hours before the cutoff, a flight counts in its own hour.
{%- set percentages = ['origin_late_departures_pct_3h', 'destination_late_arrivals_pct_3h', 'carrier_late_departures_pct_3h',
                       'carrier_cancelled_pct_28d', 'carrier_on_time_pct_28d', 'route_cancelled_pct_28d', 'route_on_time_pct_28d'] %}
{%- set ages = ['origin_weather_age_minutes', 'destination_weather_age_minutes'] %}
{%- set counts = ['origin_departures_3h', 'destination_arrivals_3h', 'carrier_departures_3h', 'origin_waiting_3h',
                  'carrier_waiting_3h', 'carrier_flights_28d', 'route_flights_28d'] %}

with features as (

    select * from {{ ref('flight_features') }}
    where flight_month in ({{ pending_months() }})

)

select *
from features
where
    origin_departures_in_hour is null
    or origin_departures_in_hour < 1
    or destination_arrivals_in_hour < 1
    {% for column in percentages -%}
    or {{ column }} not between 0 and 100
    {% endfor -%}
    {% for column in ages -%}
    or {{ column }} not between 0 and 180
    {% endfor -%}
    {% for column in counts -%}
    or coalesce({{ column }}, -1) < 0
    {% endfor -%}
    or (origin_departures_3h = 0) <> (origin_mean_dep_delay_minutes_3h is null)
    or (route_flights_28d = 0) <> (route_cancelled_pct_28d is null)
