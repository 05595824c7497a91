-- Of a flight whose outcome is known it is known whether it was late: its arrival delay says so, and then it was not on time.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

)

select *
from flights
where
    (is_late is null) <> (is_on_time is null)
    or (is_late and is_on_time)
    or is_late <> coalesce(arr_delay_minutes >= {{ late_minutes() }}, false)
