with flights as (

    {{ missing_months_of('int_flights') }}

),

quartiles as (

    select
        flights.month_version_id,
        flights.flight_month,
        percentile_cont(0.25) within group (order by flights.arr_delay_minutes) as lower_quartile,
        percentile_cont(0.75) within group (order by flights.arr_delay_minutes) as upper_quartile
    from flights
    group by flights.month_version_id, flights.flight_month

)

select
    month_version_id as version_id,
    flight_month,
    cast(lower_quartile as numeric(12, 2)) as lower_quartile_minutes,
    cast(upper_quartile as numeric(12, 2)) as upper_quartile_minutes,
    cast(lower_quartile - {{ fence_distance() }} * (upper_quartile - lower_quartile) as numeric(12, 2)) as lower_fence_minutes,
    cast(upper_quartile + {{ fence_distance() }} * (upper_quartile - lower_quartile) as numeric(12, 2)) as upper_fence_minutes
from quartiles
