-- A month of the 250 routes that have the most flights in a year: of all carriers (null), and of each.
with months as (

    select max(flight_month) - interval '12 months' as first_month
    from marts.agg_month

),

routes as (

    select agg_route_month.origin_airport_code_iata, agg_route_month.destination_airport_code_iata
    from marts.agg_route_month
    inner join months on agg_route_month.flight_month >= months.first_month
    group by agg_route_month.origin_airport_code_iata, agg_route_month.destination_airport_code_iata
    order by sum(agg_route_month.flights) desc, 1, 2
    limit 250

)

select
    flights.flight_month,
    flights.carrier_code,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    count(*) as flights,
    round(100.0 * count(*) filter (where flights.is_on_time) / nullif(count(flights.is_on_time), 0), 2) as on_time_pct,
    round(
        100.0 * case when count(flights.is_cancelled) > 0 then count(*) filter (where flights.is_cancelled) end / count(*), 2
    ) as cancelled_pct,
    round(avg(flights.dep_delay_minutes), 2) as mean_dep_delay_minutes,
    round(avg(flights.arr_delay_minutes), 2) as mean_arr_delay_minutes
from marts.fct_flights as flights
inner join routes
    on flights.origin_airport_code_iata = routes.origin_airport_code_iata
    and flights.destination_airport_code_iata = routes.destination_airport_code_iata
where flights.flight_month = '{month}'
group by grouping sets (
    (flights.flight_month, flights.origin_airport_code_iata, flights.destination_airport_code_iata),
    (flights.flight_month, flights.origin_airport_code_iata, flights.destination_airport_code_iata, flights.carrier_code)
)
