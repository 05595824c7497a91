-- How the flights of a month performed: all of them, and by carrier, by airport (departures and arrivals), and by both.
-- Null is "all".
select
    flights.flight_month,
    flights.carrier_code,
    ends.direction,
    ends.airport_code_iata,
    count(*) as flights,
    count(flights.is_on_time) as with_known_outcome,
    round(metric('on_time_pct'), 2) as on_time_pct,
    round(metric('cancellation_rate'), 2) as cancelled_pct,
    round(metric('mean_dep_delay'), 2) as mean_dep_delay_minutes,
    round(metric('mean_arr_delay'), 2) as mean_arr_delay_minutes,
    percentile_cont(array[0.1, 0.25, 0.5, 0.75, 0.9]) within group (order by flights.arr_delay_minutes) as percentiles,
    sum(flights.carrier_delay_minutes) as carrier_delay_minutes,
    sum(flights.weather_delay_minutes) as weather_delay_minutes,
    sum(flights.nas_delay_minutes) as nas_delay_minutes,
    sum(flights.security_delay_minutes) as security_delay_minutes,
    sum(flights.late_aircraft_delay_minutes) as late_aircraft_delay_minutes
from marts.fct_flights as flights
cross join
    lateral (
        values
        ('departures', flights.origin_airport_code_iata),
        ('arrivals', flights.destination_airport_code_iata)
    ) as ends (direction, airport_code_iata)
where flights.flight_month = '{month}'
group by grouping sets (
    (flights.flight_month, ends.direction),
    (flights.flight_month, ends.direction, flights.carrier_code),
    (flights.flight_month, ends.direction, ends.airport_code_iata),
    (flights.flight_month, ends.direction, ends.airport_code_iata, flights.carrier_code)
)
