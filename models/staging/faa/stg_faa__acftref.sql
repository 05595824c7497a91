with source as (

    select * from {{ source('faa', 'acftref') }}

),

given as (

    select
        file_no,
        record_no,
        {{ trimmed('code') }} as code,
        {{ trimmed('mfr') }} as mfr,
        {{ trimmed('model') }} as model,
        {{ trimmed('type_acft') }} as type_acft,
        {{ trimmed('type_eng') }} as type_eng,
        {{ trimmed('ac_cat') }} as ac_cat,
        {{ trimmed('build_cert_ind') }} as build_cert_ind,
        {{ stated('no_eng') }} as no_eng,
        {{ stated('no_seats') }} as no_seats,
        {{ trimmed('ac_weight') }} as ac_weight,
        {{ stated('speed') }} as speed,
        {{ trimmed('tc_data_sheet') }} as tc_data_sheet,
        {{ trimmed('tc_data_holder') }} as tc_data_holder,
        {{ record_as_json('source') }} as raw_text
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
        case when code is null then 'code is missing' end,
        case when mfr is null then 'mfr is missing' end,
        case when model is null then 'model is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when engine_count is null then 'no_eng is not a whole number: ' || no_eng end,
        case when seat_count is null then 'no_seats is not a whole number: ' || no_seats end,
        case when speed_mph is null then 'speed is not a whole number: ' || speed end
    ) as reject_reason,
    raw_text
from typed
