{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- A flight is cancelled, diverted or neither, and its schedule and outcome are known; custom selections may leave them out.
-- A source that contradicts itself keeps its rows, and this says which.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

files as (

    select * from {{ ref('int_files') }}

)

select
    flights.flight_month,
    files.file_name,
    count(*) as flights,
    min(flights.source_record_no) as example_source_record_no
from flights
inner join files on files.file_no = flights.source_file_no
where
    (flights.is_cancelled and flights.is_diverted)
    or (flights.is_cancelled and flights.actual_arrival_at_local is not null)
    or (
        files.dataset <> 'ontime_selection'
        and (
            flights.is_on_time is null
            or flights.scheduled_departure_at_local is null
            or flights.scheduled_arrival_at_local is null
            or (not flights.is_cancelled and flights.actual_departure_at_local is null)
        )
    )
group by flights.flight_month, files.file_name
