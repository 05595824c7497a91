-- No scheduled flight takes less than no time or more than a day. Of the actual times a source contradicts itself now and then:
-- more than one flight of a thousand is our fault.
with flights as (

    select
        *,
        scheduled_arrival_at_utc <= scheduled_departure_at_utc
        or scheduled_arrival_at_utc > scheduled_departure_at_utc + interval '1' day as is_schedule_wrong,
        actual_arrival_at_utc <= actual_departure_at_utc
        or actual_arrival_at_utc > actual_departure_at_utc + interval '1' day as is_contradicted
    from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

)

select
    flight_month,
    count(*) as flights,
    count(*) filter (where is_schedule_wrong) as schedules_wrong,
    count(*) filter (where is_contradicted) as contradicted,
    min(flight_key) filter (where is_schedule_wrong or is_contradicted) as example_flight_key
from flights
group by flight_month
having count(*) filter (where is_schedule_wrong) > 0 or count(*) filter (where is_contradicted) > 0.001 * count(*)
