{{ config(severity='warn', meta={'owner': 'Analytics', 'until': '2027-06-30'}) }}
-- Airports that flights name and no file describes, or whose time zone is unknown: their flights have no UTC clocks.
with airports as (

    select * from {{ ref('dim_airports') }}

),

totals as (

    select * from {{ ref('agg_airport_month') }}

)

select
    airports.airport_code_iata,
    airports.is_inferred,
    sum(totals.flights) as flights
from airports
inner join totals on totals.airport_code_iata = airports.airport_code_iata
where airports.time_zone is null
group by airports.airport_code_iata, airports.is_inferred
