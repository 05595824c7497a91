{#- what the sample does not say: lateness without a delay, causes of a delay, stays on the ground, numbers of BTS -#}
{%- set in_bts_only = [
    'is_arrival_late', 'airline_id_dot', 'origin_airport_id_bts', 'destination_airport_id_bts', 'cancellation_code',
    'longest_tarmac_minutes',
] -%}
{%- for column in minutes_of_bts() %}{% do in_bts_only.append(column ~ '_minutes') %}{% endfor -%}

with bts as (

    select * from {{ ref('stg_bts__flights') }}

),

nycflights13 as (

    select * from {{ ref('stg_nycflights13__flights') }}

)

{% for name in ['bts', 'nycflights13'] -%}
select
    file_no,
    record_no,
    flight_month,
    flight_date_local,
    flight_number,
    {{ known_tail_number('tail_number') }} as tail_number,
    actual_departure_clock_minutes,
    actual_arrival_clock_minutes,
    arr_delay_minutes,
    is_cancelled,
    is_diverted,
    is_arrival_stated,
    distance_miles,
    air_time_minutes,
    -- what a selection may leave out, and int_flights__coded and int_flights__clocks find
    carrier_code as stated_carrier_code,
    origin_airport_code_iata as stated_origin_airport_code_iata,
    destination_airport_code_iata as stated_destination_airport_code_iata,
    scheduled_departure_clock_minutes as stated_scheduled_departure_clock_minutes,
    scheduled_arrival_clock_minutes as stated_scheduled_arrival_clock_minutes,
    {%- for column in in_bts_only %}
    {{ 'null' if name == 'nycflights13' else column }} as {{ column }},
    {%- endfor %}
    dep_delay_minutes as stated_dep_delay_minutes
from {{ name }}
where reject_reason is null
{{ 'union all' if not loop.last }}
{% endfor %}
