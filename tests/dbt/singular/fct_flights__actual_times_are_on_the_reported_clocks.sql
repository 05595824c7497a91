{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- Actual times are derived from scheduled time and delay; the source also states their clocks. A source contradicts itself now
-- and then: the delay is believed, the row stays, and this says how often. On the nights of clock change a delay may count
-- the hour or not. On the sample it finds nothing, which a pytest holds.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

staged as (

    select * from {{ ref('int_flights__stated') }}
    where file_no in ({{ pending_files() }})

),

compared as (

    select
        flights.flight_key,
        flights.flight_month,
        flights.source_record_no,
        flights.actual_departure_at_local,
        flights.actual_departure_at_utc,
        flights.actual_arrival_at_utc,
        staged.actual_departure_clock_minutes,
        flights.actual_arrival_at_local,
        staged.actual_arrival_clock_minutes,
        cast(
            extract(hour from flights.actual_departure_at_local) * 60
            + extract(minute from flights.actual_departure_at_local) as integer
        ) - staged.actual_departure_clock_minutes % 1440 as departure_difference,
        cast(
            extract(hour from flights.actual_arrival_at_local) * 60
            + extract(minute from flights.actual_arrival_at_local) as integer
        ) - staged.actual_arrival_clock_minutes % 1440 as arrival_difference
    from flights
    inner join staged
        on staged.file_no = flights.source_file_no and staged.record_no = flights.source_record_no

),

contradictions as (

    select
        *,
        coalesce(abs(departure_difference) not in (0, 60, 1380), false)
        or coalesce(abs(arrival_difference) not in (0, 60, 1380), false)
        or coalesce(actual_arrival_at_utc <= actual_departure_at_utc, false)
        or (actual_departure_clock_minutes is null) <> (actual_departure_at_local is null)
        or (actual_arrival_clock_minutes is null) <> (actual_arrival_at_local is null) as is_contradicted
    from compared

)

select
    flight_month,
    count(*) as contradicted,
    min(flight_key) as example_flight_key,
    min(source_record_no) as example_source_record_no
from contradictions
where is_contradicted
group by flight_month
