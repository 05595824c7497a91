with flights as (

    select * from {{ ref('int_flights') }}
    where {{ is_current('version_id', 'int_flights__records') }}

),

fences as (

    select * from {{ ref('int_performance__arrival_fences') }}
    where {{ is_current('version_id', 'int_performance__arrival_fences') }}

)

select
    flights.flight_key,
    flights.flight_month,
    flights.carrier_code,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    flights.arr_delay_minutes,
    fences.lower_fence_minutes,
    fences.upper_fence_minutes
from flights
inner join fences on fences.flight_month = flights.flight_month
where {{ is_outlier('flights.arr_delay_minutes', 'fences') }}
