{%- set builds = releases_to_compare('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}
    where version_id in ({{ builds.reads }})

),

comparisons (version_id, reads, reads_before) as (

    {{ builds.rows }}

),

totals as (

    select
        flights.version_id,
        {{ flight_totals('flights') }}
    from flights
    group by flights.version_id

),

flights_after as (

    select
        comparisons.version_id as comparison_id,
        flights.*
    from flights
    inner join comparisons on comparisons.reads = flights.version_id

),

flights_before as (

    select
        comparisons.version_id as comparison_id,
        flights.*
    from flights
    inner join comparisons on comparisons.reads_before = flights.version_id

),

-- the same flight has the same key in both releases, whatever was corrected about it
counts as (

    select
        coalesce(flights_after.comparison_id, flights_before.comparison_id) as version_id,
        count(*) filter (where flights_before.flight_key is null) as added,
        count(*) filter (where flights_after.flight_key is null) as withdrawn,
        count(*) filter (
            where
            flights_before.flight_key = flights_after.flight_key
            and ({{ differ('flights_after', 'flights_before', restatable_flight_columns()) }})
        ) as changed
    from flights_after
    full outer join flights_before
        on flights_before.comparison_id = flights_after.comparison_id
        and flights_before.flight_key = flights_after.flight_key
    group by coalesce(flights_after.comparison_id, flights_before.comparison_id)

)

{{ restated_measures([
    'flights', 'cancelled', 'diverted', 'on_time', 'late', 'sum_dep_delay_minutes', 'sum_arr_delay_minutes', 'sum_late_arrival_minutes',
    'carrier_delay_minutes', 'weather_delay_minutes', 'nas_delay_minutes', 'security_delay_minutes', 'late_aircraft_delay_minutes'
], 'flights') }}
