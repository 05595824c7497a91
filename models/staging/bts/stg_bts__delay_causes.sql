with source as (

    select * from {{ source('bts', 'delay_causes') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'carrier', 'airport', 'arr_flights', 'arr_del15', 'carrier_ct', 'weather_ct',
                           'nas_ct', 'security_ct', 'late_aircraft_ct', 'arr_cancelled', 'arr_diverted', 'arr_delay',
                           'carrier_delay', 'weather_delay', 'nas_delay', 'security_delay', 'late_aircraft_delay'] %}
        {{ stated(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('source') }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('arr_flights') }} as arr_flights_typed,
        {{ whole_number('arr_del15') }} as arr_del15_typed,
        {{ whole_number('arr_cancelled') }} as arr_cancelled_typed,
        {{ whole_number('arr_diverted') }} as arr_diverted_typed,
        {{ whole_number('arr_delay') }} as arr_delay_typed,
        {{ whole_number('carrier_delay') }} as carrier_delay_typed,
        {{ whole_number('weather_delay') }} as weather_delay_typed,
        {{ whole_number('nas_delay') }} as nas_delay_typed,
        {{ whole_number('security_delay') }} as security_delay_typed,
        {{ whole_number('late_aircraft_delay') }} as late_aircraft_delay_typed,
        cast({{ decimal_number('carrier_ct') }} as numeric(12, 2)) as carrier_ct_typed,
        cast({{ decimal_number('weather_ct') }} as numeric(12, 2)) as weather_ct_typed,
        cast({{ decimal_number('nas_ct') }} as numeric(12, 2)) as nas_ct_typed,
        cast({{ decimal_number('security_ct') }} as numeric(12, 2)) as security_ct_typed,
        cast({{ decimal_number('late_aircraft_ct') }} as numeric(12, 2)) as late_aircraft_ct_typed,
        {{ calendar_date('year', 'month', "'1'") }} as data_month
    from given

)

select
    file_no,
    record_no,
    data_month,
    carrier as carrier_code,
    airport as airport_code_iata,
    arr_flights_typed as arr_flights,
    arr_del15_typed as arr_del15,
    carrier_ct_typed as carrier_ct,
    weather_ct_typed as weather_ct,
    nas_ct_typed as nas_ct,
    security_ct_typed as security_ct,
    late_aircraft_ct_typed as late_aircraft_ct,
    arr_cancelled_typed as cancelled,
    arr_diverted_typed as diverted,
    arr_delay_typed as arr_delay_minutes,
    carrier_delay_typed as carrier_delay_minutes,
    weather_delay_typed as weather_delay_minutes,
    nas_delay_typed as nas_delay_minutes,
    security_delay_typed as security_delay_minutes,
    late_aircraft_delay_typed as late_aircraft_delay_minutes,
    coalesce(
        case when year is null then 'year is missing' end,
        case when month is null then 'month is missing' end,
        case when carrier is null then 'carrier is missing' end,
        case when airport is null then 'airport is missing' end,
        case when data_month is null then 'year and month are not a month: ' || year || '-' || month end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when arr_flights_typed is null then 'arr_flights is not a whole number: ' || arr_flights end,
        case when arr_del15_typed is null then 'arr_del15 is not a whole number: ' || arr_del15 end,
        case when arr_cancelled_typed is null then 'arr_cancelled is not a whole number: ' || arr_cancelled end,
        case when arr_diverted_typed is null then 'arr_diverted is not a whole number: ' || arr_diverted end,
        case when arr_delay_typed is null then 'arr_delay is not a whole number: ' || arr_delay end,
        case when carrier_delay_typed is null then 'carrier_delay is not a whole number: ' || carrier_delay end,
        case when weather_delay_typed is null then 'weather_delay is not a whole number: ' || weather_delay end,
        case when nas_delay_typed is null then 'nas_delay is not a whole number: ' || nas_delay end,
        case when security_delay_typed is null then 'security_delay is not a whole number: ' || security_delay end,
        case when late_aircraft_delay_typed is null then 'late_aircraft_delay is not a whole number: ' || late_aircraft_delay end,
        case when carrier_ct_typed is null then 'carrier_ct is not a number: ' || carrier_ct end,
        case when weather_ct_typed is null then 'weather_ct is not a number: ' || weather_ct end,
        case when nas_ct_typed is null then 'nas_ct is not a number: ' || nas_ct end,
        case when security_ct_typed is null then 'security_ct is not a number: ' || security_ct end,
        case when late_aircraft_ct_typed is null then 'late_aircraft_ct is not a number: ' || late_aircraft_ct end
    ) as reject_reason,
    raw_text
from typed
