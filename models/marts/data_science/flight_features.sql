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
    flights.origin_departures_3h,
    flights.origin_mean_dep_delay_minutes_3h,
    flights.origin_late_departures_pct_3h,
    flights.destination_arrivals_3h,
    flights.destination_mean_arr_delay_minutes_3h,
    flights.destination_late_arrivals_pct_3h,
    flights.carrier_departures_3h,
    flights.carrier_mean_dep_delay_minutes_3h,
    flights.carrier_late_departures_pct_3h,
    flights.origin_waiting_3h,
    flights.carrier_waiting_3h,
    flights.carrier_flights_28d,
    flights.carrier_cancelled_pct_28d,
    flights.carrier_on_time_pct_28d,
    flights.carrier_mean_arr_delay_minutes_28d,
    flights.route_flights_28d,
    flights.route_cancelled_pct_28d,
    flights.route_on_time_pct_28d,
    flights.route_mean_arr_delay_minutes_28d,
    flights.origin_temperature_fahrenheit,
    flights.origin_wind_speed_mph,
    flights.origin_wind_gust_mph,
    flights.origin_precipitation_inches,
    flights.origin_visibility_miles,
    flights.origin_weather_age_minutes,
    flights.destination_temperature_fahrenheit,
    flights.destination_wind_speed_mph,
    flights.destination_wind_gust_mph,
    flights.destination_precipitation_inches,
    flights.destination_visibility_miles,
    flights.destination_weather_age_minutes,
    flights.target_is_late_15,
    flights.target_arr_delay_minutes,
    flights.target_dep_delay_minutes,
    flights.target_is_cancelled,
    flights.target_is_diverted,
    flights.target_is_on_time
from flights
left join dates on dates.date_day = flights.flight_date_local
where {{ is_current('flights.version_id', 'int_features__flights') }}
