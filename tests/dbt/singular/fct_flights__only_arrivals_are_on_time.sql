-- Only a flight that arrived, and less than 15 minutes late, is on time.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

)

select *
from flights
where is_on_time and (is_cancelled or is_diverted or arr_delay_minutes is null or arr_delay_minutes >= {{ late_minutes() }})
