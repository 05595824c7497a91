with source as (

    select * from {{ source('faa', 'master') }}

),

given as (

    select
        file_no,
        record_no,
        -- names and addresses of owners never land (ingestion/sources/faa.py); of some copies only number and model are left
        {{ trimmed('n_number') }} as n_number,
        {{ trimmed('serial_number') }} as serial_number,
        {{ trimmed('mfr_mdl_code') }} as mfr_mdl_code,
        {{ trimmed('eng_mfr_mdl') }} as eng_mfr_mdl,
        {{ stated('year_mfr') }} as year_mfr,
        {{ trimmed('type_registrant') }} as type_registrant,
        {{ trimmed('country') }} as country,
        {{ stated('last_action_date') }} as last_action_date,
        {{ stated('cert_issue_date') }} as cert_issue_date,
        {{ trimmed('certification') }} as certification,
        {{ trimmed('type_aircraft') }} as type_aircraft,
        {{ trimmed('type_engine') }} as type_engine,
        {{ trimmed('status_code') }} as status_code,
        {{ trimmed('mode_s_code') }} as mode_s_code,
        {{ stated('air_worth_date') }} as air_worth_date,
        {{ stated('expiration_date') }} as expiration_date,
        {{ trimmed('unique_id') }} as unique_id,
        {{ trimmed('kit_mfr') }} as kit_mfr,
        {{ trimmed('kit_model') }} as kit_model,
        {{ trimmed('mode_s_code_hex') }} as mode_s_code_hex,
        {{ record_as_json('source') }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('year_mfr') }} as manufacture_year,
        {{ any_date('last_action_date') }} as last_action_on,
        {{ any_date('cert_issue_date') }} as certificate_issued_on,
        {{ any_date('air_worth_date') }} as airworthy_since,
        {{ any_date('expiration_date') }} as expires_on
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
