-- How the flights of a month performed by weekday (1 is Monday) and hour of the schedule: of departure, and at an airport of
-- arrivals of arrival.
select
    flights.flight_month,
    flights.carrier_code,
    ends.direction,
    ends.airport_code_iata,
    cast(extract(isodow from ends.scheduled_at_local) as integer) as weekday,
    cast(extract(hour from ends.scheduled_at_local) as integer) as scheduled_hour_local,
    count(*) as flights,
    round(metric('on_time_pct'), 1) as on_time_pct,
    round(metric('cancellation_rate'), 1) as cancelled_pct,
    round(metric('mean_dep_delay'), 1) as mean_dep_delay_minutes,
    round(metric('mean_arr_delay'), 1) as mean_arr_delay_minutes
from marts.fct_flights as flights
cross join
    lateral (
        values
        ('departures', flights.origin_airport_code_iata, flights.scheduled_departure_at_local),
        ('arrivals', flights.destination_airport_code_iata, flights.scheduled_arrival_at_local)
    ) as ends (direction, airport_code_iata, scheduled_at_local)
where
    flights.flight_month = '{month}'
    and ends.scheduled_at_local is not null
group by grouping sets (
    (flights.flight_month, ends.direction, weekday, scheduled_hour_local),
    (flights.flight_month, ends.direction, weekday, scheduled_hour_local, flights.carrier_code),
    (flights.flight_month, ends.direction, weekday, scheduled_hour_local, ends.airport_code_iata),
    (flights.flight_month, ends.direction, weekday, scheduled_hour_local, ends.airport_code_iata, flights.carrier_code)
)
