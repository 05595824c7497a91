{#- Names and addresses of owners never land (ingestion/sources/faa.py); of some copies only number and model are left. -#}
{%- set columns = ['n_number', 'serial_number', 'mfr_mdl_code', 'eng_mfr_mdl', 'year_mfr', 'type_registrant', 'country',
                   'last_action_date', 'cert_issue_date', 'certification', 'type_aircraft', 'type_engine', 'status_code', 'mode_s_code',
                   'air_worth_date', 'expiration_date', 'unique_id', 'kit_mfr', 'kit_model', 'mode_s_code_hex'] %}

with source as (

    select * from {{ source('faa', 'master') }}

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
        {{ whole_number('year_mfr') }} as manufacture_year,
        {{ compact_date('last_action_date') }} as last_action_on,
        {{ compact_date('cert_issue_date') }} as certificate_issued_on,
        {{ compact_date('air_worth_date') }} as airworthy_since,
        {{ compact_date('expiration_date') }} as expires_on
    from given

)

select
    file_no,
    record_no,
    -- the registry leaves out the N that all its numbers begin with
    'N' || n_number as tail_number,
    serial_number,
    mfr_mdl_code as aircraft_model_code,
    eng_mfr_mdl as engine_model_code,
    manufacture_year,
    type_registrant as registrant_type_code,
    country as country_code,
    last_action_on,
    certificate_issued_on,
    airworthy_since,
    expires_on,
    certification,
    {{ faa_aircraft_type('type_aircraft') }} as aircraft_type,
    {{ faa_engine_type('type_engine') }} as engine_type,
    status_code,
    mode_s_code,
    mode_s_code_hex,
    unique_id as registration_id_faa,
    kit_mfr as kit_manufacturer,
    kit_model,
    coalesce(
        {{ first_missing(['n_number', 'mfr_mdl_code']) }},
        {{ first_failed_cast([
            ['year_mfr', 'manufacture_year', 'a year'],
            ['last_action_date', 'last_action_on', 'a date'],
            ['cert_issue_date', 'certificate_issued_on', 'a date'],
            ['air_worth_date', 'airworthy_since', 'a date'],
            ['expiration_date', 'expires_on', 'a date'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
