with flights as (

    {{ releases_to_compare_of('int_flights') }}

),

totals as (

    select
        flights.month_version_id,
        flights.is_before,
        {{ flight_totals('flights') }}
    from flights
    group by flights.month_version_id, flights.is_before

),

flights_after as (

    select * from flights
    where not is_before

),

flights_before as (

    select * from flights
    where is_before

),

-- the same flight has the same key in both releases, whatever was corrected about it
counts as (

    select
        coalesce(flights_after.month_version_id, flights_before.month_version_id) as version_id,
        count(*) filter (where flights_before.flight_key is null) as added,
        count(*) filter (where flights_after.flight_key is null) as withdrawn,
        count(*) filter (
            where
            flights_before.flight_key = flights_after.flight_key
            and ({{ differ('flights_after', 'flights_before', restatable_flight_columns()) }})
        ) as changed
    from flights_after
    full outer join flights_before
        on flights_before.month_version_id = flights_after.month_version_id
        and flights_before.flight_key = flights_after.flight_key
    group by coalesce(flights_after.month_version_id, flights_before.month_version_id)

)

{{ restated_measures([
    'flights', 'cancelled', 'diverted', 'on_time', 'late', 'sum_dep_delay_minutes', 'sum_arr_delay_minutes', 'sum_late_arrival_minutes',
    'carrier_delay_minutes', 'weather_delay_minutes', 'nas_delay_minutes', 'security_delay_minutes', 'late_aircraft_delay_minutes'
], 'flights') }}
