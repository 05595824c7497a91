{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- The newest release of a month counts, also when it is small; one that has less than half of the flights that readers see is
-- a truncated file sooner than a correction. Look at it before somebody asks.
{%- set published = published_relation('agg_carrier_month') if execute %}

with totals as (

    select * from {{ ref('agg_carrier_month') }}

),

published as (

    select * from {{ published or ref('agg_carrier_month') }}

),

new_flights as (

    select
        flight_month,
        sum(flights) as flights
    from totals
    group by flight_month

),

published_flights as (

    select
        flight_month,
        sum(flights) as flights
    from published
    group by flight_month

)

select
    published_flights.flight_month,
    published_flights.flights as flights_that_readers_see,
    coalesce(new_flights.flights, 0) as flights_of_the_new_release
from published_flights
left join new_flights on new_flights.flight_month = published_flights.flight_month
where coalesce(new_flights.flights, 0) < 0.5 * published_flights.flights
