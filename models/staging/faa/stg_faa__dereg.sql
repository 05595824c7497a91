with source as (

    select * from {{ source('faa', 'dereg') }}

),

given as (

    select
        file_no,
        record_no,
        {{ trimmed('n_number') }} as n_number,
        {{ trimmed('serial_number') }} as serial_number,
        {{ trimmed('mfr_mdl_code') }} as mfr_mdl_code,
        {{ trimmed('status_code') }} as status_code,
        {{ trimmed('eng_mfr_mdl') }} as eng_mfr_mdl,
        {{ stated('year_mfr') }} as year_mfr,
        {{ trimmed('certification') }} as certification,
        {{ trimmed('country_mail') }} as country_mail,
        {{ stated('air_worth_date') }} as air_worth_date,
        {{ stated('cancel_date') }} as cancel_date,
        {{ trimmed('mode_s_code') }} as mode_s_code,
        {{ trimmed('exp_country') }} as exp_country,
        {{ stated('last_act_date') }} as last_act_date,
        {{ stated('cert_issue_date') }} as cert_issue_date,
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
        {{ any_date('cancel_date') }} as cancelled_on,
        {{ any_date('last_act_date') }} as last_action_on,
        {{ any_date('cert_issue_date') }} as certificate_issued_on,
        {{ any_date('air_worth_date') }} as airworthy_since
    from given

)

select
    file_no,
    record_no,
    'N' || n_number as tail_number,
    serial_number,
    mfr_mdl_code as aircraft_model_code,
    eng_mfr_mdl as engine_model_code,
    manufacture_year,
    country_mail as country_code,
    exp_country as export_country,
    cancelled_on,
    last_action_on,
    certificate_issued_on,
    airworthy_since,
    certification,
    status_code,
    mode_s_code,
    mode_s_code_hex,
    kit_mfr as kit_manufacturer,
    kit_model,
    coalesce(
        case when n_number is null then 'n_number is missing' end,
        case when mfr_mdl_code is null then 'mfr_mdl_code is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when manufacture_year is null then 'year_mfr is not a year: ' || year_mfr end,
        case when cancelled_on is null then 'cancel_date is not a date: ' || cancel_date end,
        case when last_action_on is null then 'last_act_date is not a date: ' || last_act_date end,
        case when certificate_issued_on is null then 'cert_issue_date is not a date: ' || cert_issue_date end,
        case when airworthy_since is null then 'air_worth_date is not a date: ' || air_worth_date end
    ) as reject_reason,
    raw_text
from typed
