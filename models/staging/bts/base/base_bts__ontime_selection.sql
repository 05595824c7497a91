with source as (

    select * from {{ source('bts', 'ontime_selection') }}

),

files as (

    select * from {{ source('bts', 'files') }}

),

-- columns that a selection leaves out are null like missing values: only its header tells the two apart
selections as (

    select
        {%- for column in ['cancellation_code', 'dep_time', 'dep_delay', 'dep_delay_new', 'dep_delay_minutes', 'arr_delay',
                           'arr_delay_new', 'arr_delay_minutes', 'arr_del15'] %}
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
                          + minutes_of_bts() + stays_on_the_ground() %}
        {{ extracted(column) }} as {{ column }},
        {%- endfor %}
        {{ record_as_json('records') }} as raw_text
    from records

),

dated as (

    with records as (select * from given)

    select
        *,
        -- year, month and day leave no doubt which of them is which
        coalesce({{ date_parts_as_iso('year', 'month', 'day') }}, flight_date) as stated_date
    from records

)

select
    dated.file_no,
    dated.record_no,
    dated.stated_date as flight_date,
    dated.carrier,
    dated.carrier_id,
    dated.flight_number,
    dated.tail_number,
    dated.origin,
    -- the sequence number is the airport's number with two more digits, for its versions
    coalesce(dated.origin_airport_id, left(dated.origin_airport_seq_id, 5)) as origin_id,
    dated.dest,
    coalesce(dated.dest_airport_id, left(dated.dest_airport_seq_id, 5)) as dest_id,
    dated.crs_dep_time,
    dated.dep_time,
    dated.crs_arr_time,
    dated.arr_time,
    -- the `new` delay calls early departures 0: how early they were the clocks say, if they are selected
    coalesce(
        dated.dep_delay, case when coalesce({{ whole_number('dated.dep_delay_new') }}, 1) <> 0 then dated.dep_delay_new end
    ) as dep_delay,
    coalesce(dated.arr_delay, dated.arr_delay_new) as arr_delay,
    {%- for column in ['arr_del15', 'cancelled', 'diverted', 'distance', 'air_time', 'cancellation_code'] + minutes_of_bts()
                      + stays_on_the_ground() %}
    dated.{{ column }},
    {%- endfor %}
    {{ is_cancelled_by(
        'dated.cancellation_code', 'selections.has_cancellation_code',
        'case when selections.has_dep_time then dated.dep_time else coalesce(dated.dep_delay, dated.dep_delay_new) end',
        '(selections.has_dep_time or selections.has_dep_delay or selections.has_dep_delay_new or selections.has_dep_delay_minutes)',
        'dated.stated_date'
    ) }} as is_cancelled_unless_flagged,
    (
        selections.has_arr_delay or selections.has_arr_delay_new or selections.has_arr_delay_minutes or selections.has_arr_del15
    ) as is_arrival_stated,
    dated.raw_text
from dated
-- each file has one; an inner join would let Postgres read the records once per file
left join selections on selections.file_no = dated.file_no
