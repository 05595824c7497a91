-- A flight is cancelled, diverted or neither; only one that arrived can be on time.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

)

select *
from flights
where
    (is_cancelled and is_diverted)
    or (is_cancelled and actual_arrival_at_utc is not null)
    or (is_on_time and (is_cancelled or is_diverted or arr_delay_minutes is null))
    or (not is_cancelled and actual_departure_at_utc is null)
