{%- set flight_date -%}
coalesce(
        {{ us_date_as_iso("nullif(source.fl_date, '')") }},
        {{ date_parts_as_iso('source.year', 'source.month', 'source.day_of_month') }}
    )
{%- endset -%}

with source as (

    select * from {{ source('bts', 'ontime_selection') }}

),

files as (

    select * from {{ source('bts', 'files') }}

),

-- columns that a selection leaves out are null like missing values: only its header tells the two apart
selections as (

    select
        {%- for column in ['cancellation_code', 'dep_time', 'dep_delay', 'arr_delay', 'arr_delay_new'] %}
        ',' || columns || ',' like '%,{{ column }},%' as has_{{ column }},
        {%- endfor %}
        file_no
    from files
    where dataset = 'ontime_selection'

)

select
    source.file_no,
    source.record_no,
    {{ flight_date }} as flight_date,
    -- names since 2018, then those before
    coalesce(
        nullif(source.op_unique_carrier, ''), nullif(source.unique_carrier, ''), nullif(source.op_carrier, ''),
        nullif(source.carrier, '')
    ) as carrier,
    coalesce(nullif(source.op_carrier_airline_id, ''), nullif(source.airline_id, '')) as carrier_id,
    coalesce(nullif(source.op_carrier_fl_num, ''), nullif(source.fl_num, '')) as flight_number,
    nullif(source.tail_num, '') as tail_number,
    nullif(source.origin, '') as origin,
    -- the sequence number is the airport's number with two more digits, for its versions
    coalesce(nullif(source.origin_airport_id, ''), left(source.origin_airport_seq_id, 5)) as origin_id,
    nullif(source.dest, '') as dest,
    coalesce(nullif(source.dest_airport_id, ''), left(source.dest_airport_seq_id, 5)) as dest_id,
    nullif(source.crs_dep_time, '') as crs_dep_time,
    nullif(source.dep_time, '') as dep_time,
    nullif(source.crs_arr_time, '') as crs_arr_time,
    nullif(source.arr_time, '') as arr_time,
    -- the `new` delay calls early departures 0: how early they were the clocks say, if they are selected
    coalesce(
        {{ without_zero_decimals('source.dep_delay') }},
        nullif({{ without_zero_decimals('source.dep_delay_new') }}, '0')
    ) as dep_delay,
    coalesce(
        {{ without_zero_decimals('source.arr_delay') }}, {{ without_zero_decimals('source.arr_delay_new') }}
    ) as arr_delay,
    {%- for column in ['cancelled', 'diverted', 'distance', 'air_time'] + causes_and_taxiing() %}
    {{ without_zero_decimals('source.' ~ column) }} as {{ column }},
    {%- endfor %}
    {%- for column in stays_on_the_ground() %}
    {{ without_zero_decimals('source.' ~ column.replace('g_time', 'gtime')) }} as {{ column }},
    {%- endfor %}
    nullif(source.cancellation_code, '') as cancellation_code,
    {{ is_cancelled_by(
        'source.cancellation_code', 'selections.has_cancellation_code',
        'case when selections.has_dep_time then source.dep_time else source.dep_delay end',
        '(selections.has_dep_time or selections.has_dep_delay)', flight_date
    ) }} as is_cancelled_unless_flagged,
    selections.has_arr_delay or selections.has_arr_delay_new as is_arrival_stated,
    {{ record_as_json('source') }} as raw_text
from source
inner join selections on selections.file_no = source.file_no
