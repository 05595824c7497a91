with source as (

    select * from {{ source('faa', 'master') }}

),

given as (

    select
        file_no,
        record_no,
        -- names and addresses of owners never land (ingestion/sources/faa.py); of some copies only number and model are left
        nullif(trim(n_number), '') as n_number,
        nullif(trim(serial_number), '') as serial_number,
        nullif(trim(mfr_mdl_code), '') as mfr_mdl_code,
        nullif(trim(eng_mfr_mdl), '') as eng_mfr_mdl,
        nullif(trim(year_mfr), '') as year_mfr,
        nullif(trim(type_registrant), '') as type_registrant,
        nullif(trim(country), '') as country,
        nullif(trim(last_action_date), '') as last_action_date,
        nullif(trim(cert_issue_date), '') as cert_issue_date,
        nullif(trim(certification), '') as certification,
        nullif(trim(type_aircraft), '') as type_aircraft,
        nullif(trim(type_engine), '') as type_engine,
        nullif(trim(status_code), '') as status_code,
        nullif(trim(mode_s_code), '') as mode_s_code,
        nullif(trim(air_worth_date), '') as air_worth_date,
        nullif(trim(expiration_date), '') as expiration_date,
        nullif(trim(unique_id), '') as unique_id,
        nullif(trim(kit_mfr), '') as kit_mfr,
        nullif(trim(kit_model), '') as kit_model,
        nullif(trim(mode_s_code_hex), '') as mode_s_code_hex,
        {{ csv_line(['n_number', 'serial_number', 'mfr_mdl_code', 'eng_mfr_mdl', 'year_mfr', 'type_registrant', 'country',
                     'last_action_date', 'cert_issue_date', 'certification', 'type_aircraft', 'type_engine', 'status_code',
                     'mode_s_code', 'air_worth_date', 'expiration_date', 'unique_id', 'kit_mfr', 'kit_model',
                     'mode_s_code_hex']) }} as raw_text
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
        case when n_number is null then 'n_number is missing' end,
        case when mfr_mdl_code is null then 'mfr_mdl_code is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when manufacture_year is null then 'year_mfr is not a year: ' || year_mfr end,
        case when last_action_on is null then 'last_action_date is not a date: ' || last_action_date end,
        case when certificate_issued_on is null then 'cert_issue_date is not a date: ' || cert_issue_date end,
        case when airworthy_since is null then 'air_worth_date is not a date: ' || air_worth_date end,
        case when expires_on is null then 'expiration_date is not a date: ' || expiration_date end
    ) as reject_reason,
    raw_text
from typed
