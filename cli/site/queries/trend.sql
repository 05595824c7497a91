-- How all flights of each month performed.
select
    flight_month,
    flights,
    on_time_pct,
    cancelled_pct,
    mean_arr_delay_minutes
from marts.agg_month
order by flight_month
