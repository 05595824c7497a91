-- The source states the hour of the scheduled departure in UTC too: our conversion must give the same. A zone is wrong by
-- hours; an hour that is days away tells of a careless source, and nothing of our zones.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

staged as (

    select * from {{ ref('stg_nycflights13__flights') }}

)

select
    flights.flight_key,
    flights.source_file_no,
    flights.source_record_no,
    flights.scheduled_departure_at_local,
    flights.scheduled_departure_at_utc,
    staged.scheduled_departure_hour_utc
from flights
inner join staged
    on staged.file_no = flights.source_file_no and staged.record_no = flights.source_record_no
where
    date_trunc('hour', flights.scheduled_departure_at_utc) <> staged.scheduled_departure_hour_utc
    and flights.scheduled_departure_at_utc between staged.scheduled_departure_hour_utc - interval '1' day
    and staged.scheduled_departure_hour_utc + interval '1' day
