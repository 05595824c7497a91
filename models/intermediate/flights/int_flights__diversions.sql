{%- set as_stated = ['stated_landings', 'airport_code_iata', 'airport_id_bts', 'ground_minutes', 'longest_ground_minutes',
                     'tail_number', 'is_destination_reached', 'diverted_elapsed_minutes', 'diverted_arr_delay_minutes',
                     'distance_to_destination_miles'] -%}
{%- set landings = range(1, 6) -%}
{%- set wheels_off = clock_after(
    to_utc('wheels_on_at_local', 'time_zone'), 'wheels_on_at_local', 'wheels_off_clock_minutes', 'time_zone'
) -%}

with flights as (

    {{ missing_months_of('int_flights') }}

),

landed as (

    {{ rows_to_build(ref('stg_bts__landings'), months_to_build_from_files(), 'file_no') }}

),

airports as (

    select * from {{ ref('int_airports__time_zones') }}

),

diverted as (

    select
        flights.month_version_id as version_id,
        flights.flight_key,
        flights.flight_month,
        flights.actual_departure_at_local,
        flights.actual_departure_at_utc,
        coalesce(landed.landing_number, 0) as landing_number,
        max(coalesce(landed.landing_number, 0)) over (partition by flights.month_version_id, flights.flight_key) as last_number,
        {%- for column in as_stated + ['wheels_on_clock_minutes', 'wheels_off_clock_minutes'] %}
        landed.{{ column }},
        {%- endfor %}
        airports.time_zone
    from flights
    left join landed
        on landed.month_version_id = flights.month_version_id
        and landed.file_no = flights.source_file_no
        and landed.record_no = flights.source_record_no
    left join airports on airports.airport_code_iata = landed.airport_code_iata
    where flights.is_diverted

),

-- Clocks have no date: a landing is the first such clock after the flight had left the place before, the next take-off the first
-- one after that.
landing_0 as (

    select
        *,
        actual_departure_at_local as wheels_off_at_local,
        actual_departure_at_utc as wheels_off_at_utc
    from diverted
    where landing_number = last_number

),

{% for number in landings -%}
landing_{{ number }} as (

    select
        *,
        {{ wheels_off }} as wheels_off_at_local,
        {{ to_utc(wheels_off, 'time_zone') }} as wheels_off_at_utc
    from (
        select
            diverted.*,
            {{ clock_after(
                'earlier.wheels_off_at_utc', 'earlier.wheels_off_at_local', 'diverted.wheels_on_clock_minutes', 'diverted.time_zone'
            ) }} as wheels_on_at_local
        from diverted
        left join landing_{{ number - 1 }} as earlier
            on earlier.version_id = diverted.version_id and earlier.flight_key = diverted.flight_key
        where diverted.landing_number = {{ number }}
    ) as touched_down

),

{% endfor -%}
dated as (

    {% for number in landings -%}
    select * from landing_{{ number }}
    union all
    {% endfor -%}
    select
        *,
        null as wheels_on_at_local,
        null as wheels_off_at_local,
        null as wheels_off_at_utc
    from diverted
    where last_number = 0

)

select
    version_id,
    flight_key,
    flight_month,
    landing_number,
    wheels_on_at_local,
    wheels_off_at_local,
    {{ as_stated | join(',\n    ') }}
from dated
