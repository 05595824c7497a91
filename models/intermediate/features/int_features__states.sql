with all_flights as (

    {{ missing_months_of('int_flights') }}

),

-- of the month before, what can be seen at the beginning of this one
flights as (

    select
        *,
        scheduled_departure_at_utc + interval '{{ state_minutes() }}' minute as given_up_at_utc,
        -- of extracts that do not say whether a flight was cancelled it is not known
        actual_departure_at_utc > scheduled_departure_at_utc
        or (actual_departure_at_utc is null and is_cancelled) as has_waited
    from all_flights
    where scheduled_departure_at_utc >= {{ version_month('month_version_id') }} - interval '3' day

),

happenings as (

    select
        flights.*,
        counted.*,
        -- what happens between two quarters of an hour is known at the second; clocks are in whole minutes
        case counted.happening
            when 'departs' then flights.actual_departure_at_utc + interval '14' minute
            when 'arrives' then flights.actual_arrival_at_utc + interval '14' minute
            when 'begins to wait' then flights.scheduled_departure_at_utc + interval '14' minute
            when 'waits no more' then least(flights.actual_departure_at_utc, flights.given_up_at_utc) + interval '14' minute
            when 'asks' then {{ features_cutoff('flights.scheduled_departure_at_utc') }}
        end as known_at_utc
    from flights
    -- what makes the state of whom
    cross join (
        values
        ('origin', 'departs'), ('origin', 'begins to wait'), ('origin', 'waits no more'), ('origin', 'asks'),
        ('destination', 'arrives'), ('destination', 'asks'),
        ('carrier', 'departs'), ('carrier', 'begins to wait'), ('carrier', 'waits no more'), ('carrier', 'asks')
    ) as counted (subject, happening)
    where
        (counted.happening = 'departs' and flights.actual_departure_at_utc is not null)
        or (counted.happening = 'arrives' and flights.actual_arrival_at_utc is not null and flights.arr_delay_minutes is not null)
        or (counted.happening in ('begins to wait', 'waits no more') and flights.has_waited)
        or (counted.happening = 'asks' and flights.flight_month = {{ version_month('flights.month_version_id') }})

),

moments as (

    select
        month_version_id,
        subject,
        case subject
            when 'origin' then origin_airport_code_iata
            when 'destination' then destination_airport_code_iata
            when 'carrier' then carrier_code
        end as code,
        {{ quarter_of_hour('known_at_utc') }} as state_at_utc,
        happening,
        case happening when 'departs' then dep_delay_minutes when 'arrives' then arr_delay_minutes else 0 end as delay_minutes
    from happenings

),

states as (

    select
        month_version_id,
        subject,
        code,
        state_at_utc,
        bool_or(happening = 'asks') as is_asked,
        sum(count(*) filter (where happening in ('departs', 'arrives'))) over lately as movements,
        sum(sum(delay_minutes)) over lately as delay_minutes,
        sum(count(*) filter (where delay_minutes >= {{ late_minutes() }})) over lately as late,
        sum(sum(case happening when 'begins to wait' then 1 when 'waits no more' then -1 else 0 end))
            over (partition by month_version_id, subject, code order by state_at_utc) as waiting
    from moments
    group by month_version_id, subject, code, state_at_utc
    window lately as (
        partition by month_version_id, subject, code order by state_at_utc
        range between interval '{{ state_minutes() - 15 }}' minute preceding and current row
    )

)

select
    month_version_id as version_id,
    {{ version_month('month_version_id') }} as flight_month,
    subject,
    code,
    state_at_utc,
    cast(movements as integer) as movements,
    cast(delay_minutes as {{ type_double() }}) / nullif(movements, 0) as mean_delay_minutes,
    100 * cast(late as {{ type_double() }}) / nullif(movements, 0) as late_pct,
    cast(waiting as integer) as waiting
from states
where is_asked
