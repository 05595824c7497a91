{%- set previous = ['flight_key', 'origin_airport_code_iata', 'destination_airport_code_iata', 'scheduled_arrival_at_utc',
                    'actual_departure_at_utc', 'actual_arrival_at_utc', 'arr_delay_minutes', 'is_diverted'] -%}

with flights as (

    {{ missing_months_of('int_flights') }}

),

-- A flight that did not leave moves no aircraft. Without tail number, or zone of the airport, it cannot be put in order.
legs as (

    select *
    from flights
    where
        tail_number is not null
        and not coalesce(is_cancelled, false)
        and actual_departure_at_utc is not null
        -- of the month before, what the first legs of the month can follow
        and flight_date_local >= {{ version_month('month_version_id') }} - interval '{{ longest_rest_days() + 1 }}' day

),

in_order as (

    select
        *,
        {%- for column in previous %}
        lag({{ column }}) over chain as previous_{{ column }},
        {%- endfor %}
        flight_month = {{ version_month('month_version_id') }} as is_of_month
    from legs
    window chain as (
        partition by month_version_id, tail_number order by actual_departure_at_utc, scheduled_departure_at_utc, flight_key
    )

),

-- A chain that does not hold is said not to hold: the leg before may be missing in the files, or flown by another aircraft.
linked as (

    select
        *,
        case
            when
                previous_flight_key is null
                or previous_actual_departure_at_utc < actual_departure_at_utc - interval '{{ longest_rest_days() }}' day
                then 'starts'
            when coalesce(previous_is_diverted, false) then 'after a diversion'
            when previous_destination_airport_code_iata <> origin_airport_code_iata then 'from elsewhere'
            when previous_actual_arrival_at_utc is null then 'arrival unknown'
            when previous_actual_arrival_at_utc > actual_departure_at_utc then 'overlaps'
            else 'linked'
        end as chain_status
    from in_order
    where is_of_month

),

turnarounds as (

    select
        *,
        chain_status = 'linked' as is_linked,
        {{ minutes_between('previous_scheduled_arrival_at_utc', 'scheduled_departure_at_utc') }} as scheduled_minutes,
        {{ minutes_between('previous_actual_arrival_at_utc', 'actual_departure_at_utc') }} as actual_minutes,
        -- how long after its schedule the aircraft could leave at the earliest
        {{ minutes_between('scheduled_departure_at_utc', 'previous_actual_arrival_at_utc') }}
        + {{ shortest_turnaround_minutes() }} as held_minutes
    from linked

),

delays as (

    select
        *,
        -- no more than the delay that there was
        case when is_linked then least(greatest(dep_delay_minutes, 0), greatest(held_minutes, 0)) end as inherited_delay_minutes
    from turnarounds

)

select
    month_version_id as version_id,
    flight_key,
    flight_month,
    tail_number,
    chain_status,
    case when chain_status <> 'starts' then previous_flight_key end as previous_flight_key,
    case when is_linked then scheduled_minutes end as scheduled_turnaround_minutes,
    case when is_linked then actual_minutes end as actual_turnaround_minutes,
    case when is_linked then scheduled_minutes - {{ shortest_turnaround_minutes() }} end as scheduled_slack_minutes,
    case when is_linked then previous_arr_delay_minutes end as previous_arr_delay_minutes,
    dep_delay_minutes,
    inherited_delay_minutes,
    dep_delay_minutes - inherited_delay_minutes as added_delay_minutes,
    carrier_code
from delays
