{#- year, month and day leave no doubt which of them is which -#}
{%- set flight_date -%}
coalesce({{ date_parts_as_iso('given.year', 'given.month', 'given.day') }}, given.flight_date)
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
        {%- for column in ['cancellation_code', 'dep_time', 'dep_delay', 'dep_delay_new', 'dep_delay_minutes', 'arr_delay', 'arr_delay_new',
                           'arr_delay_minutes', 'arr_del15'] %}
        ',' || columns || ',' like '%,{{ column }},%' as has_{{ column }},
        {%- endfor %}
        file_no
    from files
    where dataset = 'ontime_selection'

),

given as (

    with records as (select * from source)

    select
        file_no,
        record_no,
        {%- for column in ['flight_date', 'year', 'month', 'day', 'carrier', 'carrier_id', 'flight_number', 'tail_number',
                           'origin', 'origin_airport_id', 'origin_airport_seq_id', 'dest', 'dest_airport_id',
                           'dest_airport_seq_id', 'crs_dep_time', 'dep_time', 'crs_arr_time', 'arr_time', 'dep_delay',
                           'dep_delay_new', 'arr_delay', 'arr_delay_new', 'arr_del15', 'cancelled', 'cancellation_code',
                           'diverted', 'distance', 'air_time']
                          + causes_and_taxiing() + stays_on_the_ground() %}
        {{ extracted(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('records') }} as raw_text
    from records

)

select
    given.file_no,
    given.record_no,
    {{ flight_date }} as flight_date,
    given.carrier,
    given.carrier_id,
    given.flight_number,
    given.tail_number,
    given.origin,
    -- the sequence number is the airport's number with two more digits, for its versions
    coalesce(given.origin_airport_id, left(given.origin_airport_seq_id, 5)) as origin_id,
    given.dest,
    coalesce(given.dest_airport_id, left(given.dest_airport_seq_id, 5)) as dest_id,
    given.crs_dep_time,
    given.dep_time,
    given.crs_arr_time,
    given.arr_time,
    -- the `new` delay calls early departures 0: how early they were the clocks say, if they are selected
    coalesce(
        given.dep_delay, case when coalesce({{ whole_number('given.dep_delay_new') }}, 1) <> 0 then given.dep_delay_new end
    ) as dep_delay,
    coalesce(given.arr_delay, given.arr_delay_new) as arr_delay,
    {%- for column in ['arr_del15', 'cancelled', 'diverted', 'distance', 'air_time', 'cancellation_code'] + causes_and_taxiing()
                      + stays_on_the_ground() %}
    given.{{ column }},
    {%- endfor %}
    {{ is_cancelled_by(
        'given.cancellation_code', 'selections.has_cancellation_code',
        'case when selections.has_dep_time then given.dep_time else coalesce(given.dep_delay, given.dep_delay_new) end',
        '(selections.has_dep_time or selections.has_dep_delay or selections.has_dep_delay_new or selections.has_dep_delay_minutes)',
        flight_date
    ) }} as is_cancelled_unless_flagged,
    (
        selections.has_arr_delay or selections.has_arr_delay_new or selections.has_arr_delay_minutes or selections.has_arr_del15
    ) as is_arrival_stated,
    given.raw_text
from given
inner join selections on selections.file_no = given.file_no
