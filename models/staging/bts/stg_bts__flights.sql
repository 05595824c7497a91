{%- set whole_minutes = ['dep_delay', 'arr_delay', 'air_time'] -%}
{%- for cause in delay_causes() %}{% do whole_minutes.append(cause ~ '_delay') %}{% endfor -%}
{%- set on_the_ground = ['taxi_out', 'taxi_in'] + stays_on_the_ground() -%}
{%- set checks_of_minutes = [] -%}
{%- for column in whole_minutes + on_the_ground -%}
{%- do checks_of_minutes.append([column, column ~ '_minutes', 'a whole number of minutes']) -%}
{%- endfor -%}

with records as (

    select * from {{ ref('base_bts__flights') }}

),

typed as (

    select
        *,
        {{ iso_date('flight_date') }} as flight_date_local,
        {{ whole_number('carrier_id') }} as airline_id_dot,
        {{ whole_number('flight_number') }} as flight_number_typed,
        {{ whole_number('origin_id') }} as origin_airport_id_bts,
        {{ whole_number('dest_id') }} as destination_airport_id_bts,
        {{ clock_minutes('crs_dep_time') }} as scheduled_departure_clock_minutes,
        {{ clock_minutes('dep_time') }} as actual_departure_clock_minutes,
        {{ clock_minutes('crs_arr_time') }} as scheduled_arrival_clock_minutes,
        {{ clock_minutes('arr_time') }} as actual_arrival_clock_minutes,
        {{ flag('cancelled') }} as cancelled_flag,
        {{ flag('diverted') }} as diverted_flag,
        {%- for column in whole_minutes + on_the_ground %}
        {{ whole_number(column) }} as {{ column }}_minutes,
        {%- endfor %}
        {{ whole_number('distance') }} as distance_miles
    from records

),

checked as (

    select
        *,
        coalesce(cancelled_flag, is_cancelled_unless_flagged) as is_cancelled,
        coalesce(
            {{ first_missing(['flight_date']) }},
            case
                when coalesce(carrier, carrier_id) is null then 'carrier is missing'
                when coalesce(origin, origin_id) is null then 'origin is missing'
                when coalesce(dest, dest_id) is null then 'dest is missing'
            end,
            {{ first_failed_cast([
                ['flight_date', 'flight_date_local', 'a date'],
                ['carrier_id', 'airline_id_dot', 'a number'],
                ['flight_number', 'flight_number_typed', 'a whole number'],
                ['origin_id', 'origin_airport_id_bts', 'a number'],
                ['dest_id', 'destination_airport_id_bts', 'a number'],
                ['crs_dep_time', 'scheduled_departure_clock_minutes', 'a clock from 0000 to 2400'],
                ['dep_time', 'actual_departure_clock_minutes', 'a clock from 0000 to 2400'],
                ['crs_arr_time', 'scheduled_arrival_clock_minutes', 'a clock from 0000 to 2400'],
                ['arr_time', 'actual_arrival_clock_minutes', 'a clock from 0000 to 2400'],
                ['cancelled', 'cancelled_flag', 'a flag 0 or 1'],
                ['diverted', 'diverted_flag', 'a flag 0 or 1'],
                ['distance', 'distance_miles', 'a whole number of miles'],
            ] + checks_of_minutes) }},
            case
                when cancellation_code not in ('A', 'B', 'C', 'D')
                    then 'cancellation_code is not A, B, C or D: ' || cancellation_code
            end
        ) as reject_reason
    from typed

)

select
    file_no,
    record_no,
    cast(date_trunc('month', flight_date_local) as date) as flight_month,
    flight_date_local,
    carrier as carrier_code,
    airline_id_dot,
    flight_number_typed as flight_number,
    tail_number,
    origin as origin_airport_code_iata,
    origin_airport_id_bts,
    dest as destination_airport_code_iata,
    destination_airport_id_bts,
    scheduled_departure_clock_minutes,
    actual_departure_clock_minutes,
    scheduled_arrival_clock_minutes,
    actual_arrival_clock_minutes,
    dep_delay_minutes,
    arr_delay_minutes,
    is_cancelled,
    cancellation_code,
    -- without a flag: it left, and did not arrive as scheduled
    coalesce(
        diverted_flag, case when is_arrival_stated then not is_cancelled and arr_delay_minutes is null end
    ) as is_diverted,
    distance_miles,
    air_time_minutes,
    {%- for cause in delay_causes() %}
    {{ cause }}_delay_minutes,
    {%- endfor %}
    taxi_out_minutes,
    taxi_in_minutes,
    greatest({{ on_the_ground | join('_minutes, ') }}_minutes) as longest_tarmac_minutes,
    is_arrival_stated,
    reject_reason,
    raw_text
from checked
