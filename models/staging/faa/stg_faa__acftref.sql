{%- set columns = ['code', 'mfr', 'model', 'type_acft', 'type_eng', 'ac_cat', 'build_cert_ind', 'no_eng', 'no_seats', 'ac_weight',
                   'speed', 'tc_data_sheet', 'tc_data_holder'] %}

with source as (

    select * from {{ source('faa', 'acftref') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in columns %}
        nullif(trim({{ column }}), '') as {{ column }},
        {%- endfor %}
        {{ csv_line(columns) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('no_eng') }} as engine_count,
        {{ whole_number('no_seats') }} as seat_count,
        {{ whole_number('speed') }} as speed_mph
    from given

)

select
    file_no,
    record_no,
    code as aircraft_model_code,
    mfr as manufacturer,
    model,
    {{ faa_aircraft_type('type_acft') }} as aircraft_type,
    {{ faa_engine_type('type_eng') }} as engine_type,
    engine_count,
    seat_count,
    -- the registry writes 0000 where it does not know
    nullif(speed_mph, 0) as cruising_speed_mph,
    ac_weight as weight_class,
    coalesce(
        {{ first_missing(['code', 'mfr', 'model']) }},
        {{ first_failed_cast([
            ['no_eng', 'engine_count', 'a whole number'],
            ['no_seats', 'seat_count', 'a whole number'],
            ['speed', 'speed_mph', 'a whole number'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
