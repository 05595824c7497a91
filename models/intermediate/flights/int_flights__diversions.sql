{%- set as_stated = ['stated_landings', 'airport_code_iata', 'airport_id_bts', 'ground_minutes', 'longest_ground_minutes',
                     'tail_number', 'is_destination_reached', 'diverted_elapsed_minutes', 'diverted_arr_delay_minutes',
                     'distance_to_destination_miles'] -%}
{%- set landings = range(1, 6) -%}
{%- set in_order = 'over (partition by version_id, flight_key order by landing_number)' -%}

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
-- one after that. Each landing has columns of its own, null in other rows, and looks at those of the row before: with joins Spark
-- would plan the flights anew for each.
{% for number in landings -%}
{%- set before = number - 1 -%}
{%- set left_at_utc = 'actual_departure_at_utc' if number == 1 else 'lag(wheels_off_at_utc_' ~ before ~ ') ' ~ in_order -%}
{%- set left_at_local = 'actual_departure_at_local' if number == 1 else 'lag(wheels_off_at_local_' ~ before ~ ') ' ~ in_order -%}
{%- set wheels_on = 'wheels_on_at_local_' ~ number -%}
{%- set landed_at = clock_after('left_at_utc_' ~ number, 'left_at_local_' ~ number, 'wheels_on_clock_minutes', 'time_zone') -%}
{%- set wheels_off = clock_after(to_utc(wheels_on, 'time_zone'), wheels_on, 'wheels_off_clock_minutes', 'time_zone') -%}
landing_{{ number }} as (

    select
        *,
        case when landing_number = {{ number }} then {{ wheels_off }} end as wheels_off_at_local_{{ number }},
        case when landing_number = {{ number }} then {{ to_utc(wheels_off, 'time_zone') }} end as wheels_off_at_utc_{{ number }}
    from (
        select
            *,
            case when landing_number = {{ number }} then {{ landed_at }} end as {{ wheels_on }}
        from (
            select
                *,
                {{ left_at_utc }} as left_at_utc_{{ number }},
                {{ left_at_local }} as left_at_local_{{ number }}
            from {{ 'diverted' if number == 1 else 'landing_' ~ before }}
        ) as left_before
    ) as touched_down

){{ ',' if not loop.last }}

{% endfor -%}
select
    version_id,
    flight_key,
    flight_month,
    landing_number,
    {%- for clock in ['wheels_on_at_local', 'wheels_off_at_local'] %}
    coalesce(
        {%- for number in landings %}
        {{ clock }}_{{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) as {{ clock }},
    {%- endfor %}
    {{ as_stated | join(',\n    ') }}
from landing_{{ landings | last }}
where landing_number > 0 or last_number = 0
