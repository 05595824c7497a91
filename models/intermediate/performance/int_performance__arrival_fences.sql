{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

quartiles as (

    select
        versions.version_id as month_version_id,
        flights.flight_month,
        percentile_cont(0.25) within group (order by flights.arr_delay_minutes) as lower_quartile,
        percentile_cont(0.75) within group (order by flights.arr_delay_minutes) as upper_quartile
    from flights
    inner join versions on versions.reads = flights.version_id
    where flights.version_id in ({{ builds.reads }})
    group by versions.version_id, flights.flight_month

)

select
    month_version_id as version_id,
    flight_month,
    cast(lower_quartile as numeric(12, 2)) as lower_quartile_minutes,
    cast(upper_quartile as numeric(12, 2)) as upper_quartile_minutes,
    cast(lower_quartile - {{ fence_distance() }} * (upper_quartile - lower_quartile) as numeric(12, 2)) as lower_fence_minutes,
    cast(upper_quartile + {{ fence_distance() }} * (upper_quartile - lower_quartile) as numeric(12, 2)) as upper_fence_minutes
from quartiles
