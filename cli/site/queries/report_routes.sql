-- A month of the 250 routes that have the most flights in a year: of all carriers (null), and of each.
with months as (

    select max(flight_month) - interval '12 months' as first_month
    from marts.agg_month

),

routes as (

    select
        agg_route_month.origin_airport_code_iata,
        agg_route_month.destination_airport_code_iata
    from marts.agg_route_month
    inner join months on months.first_month <= agg_route_month.flight_month
    group by agg_route_month.origin_airport_code_iata, agg_route_month.destination_airport_code_iata
    order by
        sum(agg_route_month.flights) desc,
        agg_route_month.origin_airport_code_iata asc,
        agg_route_month.destination_airport_code_iata asc
    limit 250

)

select
    flights.flight_month,
    flights.carrier_code,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    count(*) as flights,
    round(metric('on_time_pct'), 2) as on_time_pct,
    round(metric('cancellation_rate'), 2) as cancelled_pct,
    round(metric('mean_dep_delay'), 2) as mean_dep_delay_minutes,
    round(metric('mean_arr_delay'), 2) as mean_arr_delay_minutes
from marts.fct_flights as flights
inner join routes
    on routes.origin_airport_code_iata = flights.origin_airport_code_iata
    and routes.destination_airport_code_iata = flights.destination_airport_code_iata
where flights.flight_month = '{month}'
group by grouping sets (
    (flights.flight_month, flights.origin_airport_code_iata, flights.destination_airport_code_iata),
    (flights.flight_month, flights.origin_airport_code_iata, flights.destination_airport_code_iata, flights.carrier_code)
)
