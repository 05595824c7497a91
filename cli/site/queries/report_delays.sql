-- How many arrivals of a month were how late, in steps of 15 minutes (30 is 30 to 44 minutes late, -15 is 1 to 15 minutes early);
-- the first and the last step have all that is beyond.
select
    flights.flight_month,
    flights.carrier_code,
    ends.direction,
    ends.airport_code_iata,
    cast(greatest(-60, least(240, floor(flights.arr_delay_minutes / 15.0) * 15)) as integer) as arr_delay_from_minutes,
    count(*) as arrivals
from marts.fct_flights as flights
cross join
    lateral (
        values
        ('departures', flights.origin_airport_code_iata),
        ('arrivals', flights.destination_airport_code_iata)
    ) as ends (direction, airport_code_iata)
where
    flights.flight_month = '{month}'
    and flights.arr_delay_minutes is not null
group by grouping sets (
    (flights.flight_month, ends.direction, arr_delay_from_minutes),
    (flights.flight_month, ends.direction, arr_delay_from_minutes, flights.carrier_code),
    (flights.flight_month, ends.direction, arr_delay_from_minutes, ends.airport_code_iata),
    (flights.flight_month, ends.direction, arr_delay_from_minutes, ends.airport_code_iata, flights.carrier_code)
)
