with flights as (

    select * from {{ ref('int_flights__coded') }}

),

-- twice, so that Postgres looks them up by their index: a common table expression that is read twice has none
origins as (

    select * from {{ ref('int_airports__time_zones') }}

),

destinations as (

    select * from {{ ref('int_airports__time_zones') }}

),

departures as (

    select
        flights.*,
        origins.time_zone as origin_time_zone,
        -- without the departure in UTC nobody knows on which day a clock of the destination is meant
        case when origins.time_zone is not null then destinations.time_zone end as destination_time_zone,
        {{ clock_on('flights.flight_date_local', 'flights.scheduled_departure_clock_minutes') }} as scheduled_departure_at_local
    from flights
    left join origins on origins.airport_code_iata = flights.origin_airport_code_iata
    left join destinations on destinations.airport_code_iata = flights.destination_airport_code_iata

),

-- From here on each step is computed once: a `with` of its own keeps Postgres from writing it out wherever a later one uses it.
departures_utc as (

    with given as (select * from departures)

    select
        *,
        {{ to_utc('scheduled_departure_at_local', 'origin_time_zone') }} as scheduled_departure_at_utc,
        -- actual = scheduled + delay held on all of 328,521 departures; without a delay it is the clock nearest to the schedule
        coalesce(
            scheduled_departure_at_local + stated_dep_delay_minutes * interval '1' minute,
            {{ clock_after(none, "(scheduled_departure_at_local - interval '12' hour)", 'actual_departure_clock_minutes') }},
            -- of an extract without a schedule nothing but the date says the day
            {{ clock_on('flight_date_local', 'actual_departure_clock_minutes') }}
        ) as actual_departure_at_local
    from given

),

arrivals as (

    with given as (select * from departures_utc)

    select
        *,
        {{ actual_in_utc(
            'scheduled_departure_at_utc', 'stated_dep_delay_minutes', 'actual_departure_at_local', 'origin_time_zone'
        ) }} as actual_departure_at_utc,
        {{ clock_after(
            'scheduled_departure_at_utc', 'scheduled_departure_at_local', 'scheduled_arrival_clock_minutes', 'destination_time_zone'
        ) }} as scheduled_arrival_at_local
    from given

),

actual_arrivals as (

    with given as (select * from arrivals)

    select
        *,
        {{ to_utc('scheduled_arrival_at_local', 'destination_time_zone') }} as scheduled_arrival_at_utc,
        case
            when arr_delay_minutes is not null then scheduled_arrival_at_local + arr_delay_minutes * interval '1' minute
            -- diverted flights have a clock and no delay: they came after they had left
            else {{ clock_after(
                'actual_departure_at_utc', 'actual_departure_at_local', 'actual_arrival_clock_minutes', 'destination_time_zone'
            ) }}
        end as actual_arrival_at_local
    from given

)

select
    *,
    {{ actual_in_utc('scheduled_arrival_at_utc', 'arr_delay_minutes', 'actual_arrival_at_local', 'destination_time_zone') }}
        as actual_arrival_at_utc,
    -- a selection may say of early departures only that they were not late
    coalesce(stated_dep_delay_minutes, {{ minutes_between('scheduled_departure_at_local', 'actual_departure_at_local') }})
        as dep_delay_minutes
from actual_arrivals
