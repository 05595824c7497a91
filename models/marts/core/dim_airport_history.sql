{%- set described = ['airport_id_bts', 'airport_name', 'municipality', 'region_code_iso', 'region_name', 'country_code_iso',
                     'latitude_degrees', 'longitude_degrees', 'is_period_stated'] -%}

with airport_master as (

    select * from {{ ref('stg_bts__airport_master') }}

),

airports as (

    select * from {{ ref('dim_airports') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

versions as (

    select
        *,
        valid_to + 1 as next_day
    from airport_master
    where {{ is_current_record() }}

),

last_days as (

    select
        airport_code_iata,
        file_no,
        bool_or(next_day is null) as is_current,
        max(next_day) as next_day
    from versions
    group by airport_code_iata, file_no

),

stated as (

    -- BTS says when an airport had a code
    select
        airport_code_iata,
        valid_from,
        next_day as valid_to,
        {%- for column in described[:-1] %}
        {{ column }},
        {%- endfor %}
        true as is_period_stated,
        file_no as source_file_no,
        record_no as source_record_no,
        is_closed
    from versions
    union all
    -- others describe the airports of today: on all days of codes that BTS never had, after its last one of those that it had
    select
        airports.airport_code_iata,
        coalesce(last_days.next_day, cast('{{ first_day() }}' as date)) as valid_from,
        null as valid_to,
        {%- for column in described[:-1] %}
        airports.{{ column }},
        {%- endfor %}
        false as is_period_stated,
        airports.source_file_no,
        airports.source_record_no,
        false as is_closed
    from airports
    left join last_days on last_days.airport_code_iata = airports.airport_code_iata
    where
        last_days.airport_code_iata is null
        or (not last_days.is_current and airports.source_file_no is distinct from last_days.file_no)

),

periods as (

    {{ periods_of(
        'stated',
        key='airport_code_iata',
        same=described,
        columns=['source_file_no', 'source_record_no'],
        order_by='stated.is_closed, stated.valid_from desc, stated.source_record_no desc',
    ) }}

)

select
    {{ period_key('periods.airport_code_iata') }} as airport_key,
    periods.airport_code_iata,
    periods.valid_from,
    periods.valid_to,
    periods.valid_to is null as is_current,
    {%- for column in described %}
    periods.{{ column }},
    {%- endfor %}
    -- what BTS does not say is that of today, where the airport is at the same place
    airports.elevation_feet,
    airports.time_zone,
    airports.airport_code_icao,
    periods.source_file_no,
    periods.source_record_no
from periods
left join airports
    on airports.airport_code_iata = periods.airport_code_iata
    and {{ is_same_place('airports', 'periods') }}
