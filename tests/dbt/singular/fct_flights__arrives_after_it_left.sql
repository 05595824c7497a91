-- No scheduled flight takes less than no time or more than a day.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

)

select
    flight_key,
    source_file_no,
    source_record_no,
    scheduled_departure_at_utc,
    scheduled_arrival_at_utc
from flights
where
    scheduled_arrival_at_utc <= scheduled_departure_at_utc
    or scheduled_arrival_at_utc > scheduled_departure_at_utc + interval '1' day
