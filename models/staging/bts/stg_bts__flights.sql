{%- set clocks = {'scheduled_departure': 'crs_dep_time', 'actual_departure': 'dep_time', 'scheduled_arrival': 'crs_arr_time',
                  'actual_arrival': 'arr_time'} -%}
{%- set minutes = ['dep_delay', 'arr_delay', 'air_time'] + minutes_of_bts() + stays_on_the_ground() -%}

with records as (

    select * from {{ ref('base_bts__flights') }}

),

typed as (

    with given as (select * from records)

    select
        *,
        {{ flight_day('flight_date') }} as flight_date_local,
        {{ whole_number('carrier_id') }} as airline_id_dot,
        {{ whole_number('flight_number') }} as flight_number_typed,
        {{ whole_number('origin_id') }} as origin_airport_id_bts,
        {{ whole_number('dest_id') }} as destination_airport_id_bts,
        {%- for clock, column in clocks.items() %}
        {{ clock_minutes(column) }} as {{ clock }}_clock_minutes,
        {%- endfor %}
        {{ flag('cancelled') }} as cancelled_flag,
        {{ flag('diverted') }} as diverted_flag,
        {{ flag('arr_del15') }} as is_arrival_late,
        {%- for column in minutes %}
        {{ whole_number(column) }} as {{ column }}_minutes,
        {%- endfor %}
        {{ whole_number('distance') }} as distance_miles,
        {{ cancellation_reason('cancellation_code') }} as cancellation_reason
    from given

),

checked as (

    select
        *,
        coalesce(cancelled_flag, is_cancelled_unless_flagged) as is_cancelled,
        coalesce(
            case when flight_date is null then 'flight_date is missing' end,
            case when coalesce(carrier, carrier_id) is null then 'carrier is missing' end,
            case when coalesce(origin, origin_id) is null then 'origin is missing' end,
            case when coalesce(dest, dest_id) is null then 'dest is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when flight_date_local is null then 'flight_date is not a date: ' || flight_date end,
            case when airline_id_dot is null then 'carrier_id is not a number: ' || carrier_id end,
            case when flight_number_typed is null then 'flight_number is not a whole number: ' || flight_number end,
            case when origin_airport_id_bts is null then 'origin_id is not a number: ' || origin_id end,
            case when destination_airport_id_bts is null then 'dest_id is not a number: ' || dest_id end,
            {%- for clock, column in clocks.items() %}
            case
                when {{ clock }}_clock_minutes is null then '{{ column }} is not a clock from 0000 to 2400: ' || {{ column }}
            end,
            {%- endfor %}
            case when cancelled_flag is null then 'cancelled is not a flag 0 or 1: ' || cancelled end,
            case when diverted_flag is null then 'diverted is not a flag 0 or 1: ' || diverted end,
            case when is_arrival_late is null then 'arr_del15 is not a flag 0 or 1: ' || arr_del15 end,
            case when distance_miles is null then 'distance is not a whole number of miles: ' || distance end,
            {%- for column in minutes %}
            case when {{ column }}_minutes is null then '{{ column }} is not a whole number of minutes: ' || {{ column }} end,
            {%- endfor %}
            case when cancellation_reason is null then 'cancellation_code is not A, B, C or D: ' || cancellation_code end
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
    {%- for clock in clocks %}
    {{ clock }}_clock_minutes,
    {%- endfor %}
    dep_delay_minutes,
    arr_delay_minutes,
    is_arrival_late,
    is_cancelled,
    cancellation_code,
    -- without a flag: it left, and did not arrive as scheduled
    coalesce(
        diverted_flag,
        case when is_arrival_stated then not is_cancelled and arr_delay_minutes is null and is_arrival_late is null end
    ) as is_diverted,
    distance_miles,
    air_time_minutes,
    {%- for column in minutes_of_bts() %}
    {{ column }}_minutes,
    {%- endfor %}
    greatest(
        taxi_out_minutes, taxi_in_minutes,
        {{ stays_on_the_ground() | join('_minutes, ') }}_minutes
    ) as longest_tarmac_minutes,
    is_arrival_stated,
    {{ computed_once('reject_reason') }} as reject_reason,
    raw_text
from checked
