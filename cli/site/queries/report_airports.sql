-- The 120 airports with the most flights, and where they are.
select
    agg_airport_month.airport_code_iata,
    dim_airports.airport_name,
    dim_airports.latitude_degrees,
    dim_airports.longitude_degrees,
    cast(sum(agg_airport_month.flights) filter (where agg_airport_month.direction = 'departures') as bigint) as departures,
    cast(sum(agg_airport_month.flights) filter (where agg_airport_month.direction = 'arrivals') as bigint) as arrivals
from marts.agg_airport_month
left join marts.dim_airports on dim_airports.airport_code_iata = agg_airport_month.airport_code_iata
where agg_airport_month.flight_month >= (select max(agg_month.flight_month) - interval '12 months' from marts.agg_month)
group by
    agg_airport_month.airport_code_iata,
    dim_airports.airport_name,
    dim_airports.latitude_degrees,
    dim_airports.longitude_degrees
order by sum(agg_airport_month.flights) desc, agg_airport_month.airport_code_iata
limit 120
