{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

departures as (

    select
        versions.version_id as month_version_id,
        flights.*,
        cast(extract(hour from flights.scheduled_departure_at_local) as integer) as scheduled_hour_local
    from flights
    inner join versions on versions.reads = flights.version_id
    where flights.version_id in ({{ builds.reads }})

)

select
    month_version_id as version_id,
    flight_month,
    origin_airport_code_iata,
    scheduled_hour_local,
    count(distinct flight_date_local) as flight_days,
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled,
    count(*) filter (where is_diverted) as diverted,
    count(*) filter (where is_on_time) as on_time,
    count(*) filter (where arr_delay_minutes >= 15 and not is_on_time) as late,
    count(is_on_time) as with_known_outcome,
    cast(avg(dep_delay_minutes) as numeric(12, 4)) as mean_dep_delay_minutes,
    -- a few long delays make the mean; what most flights meet, these say
    cast(percentile_cont(0.5) within group (order by dep_delay_minutes) as numeric(12, 2)) as median_dep_delay_minutes,
    cast(percentile_cont(0.9) within group (order by dep_delay_minutes) as numeric(12, 2)) as p90_dep_delay_minutes
from departures
where scheduled_hour_local is not null
group by month_version_id, flight_month, origin_airport_code_iata, scheduled_hour_local
