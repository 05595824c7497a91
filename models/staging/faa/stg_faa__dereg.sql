{%- set columns = ['n_number', 'serial_number', 'mfr_mdl_code', 'status_code', 'eng_mfr_mdl', 'year_mfr', 'certification',
                   'country_mail', 'air_worth_date', 'cancel_date', 'mode_s_code', 'exp_country', 'last_act_date', 'cert_issue_date',
                   'kit_mfr', 'kit_model', 'mode_s_code_hex'] %}

with source as (

    select * from {{ source('faa', 'dereg') }}

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
        {{ compact_date('cancel_date') }} as cancelled_on,
        {{ compact_date('last_act_date') }} as last_action_on,
        {{ compact_date('cert_issue_date') }} as certificate_issued_on,
        {{ compact_date('air_worth_date') }} as airworthy_since
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
        {{ first_missing(['n_number', 'mfr_mdl_code']) }},
        {{ first_failed_cast([
            ['year_mfr', 'manufacture_year', 'a year'],
            ['cancel_date', 'cancelled_on', 'a date'],
            ['last_act_date', 'last_action_on', 'a date'],
            ['cert_issue_date', 'certificate_issued_on', 'a date'],
            ['air_worth_date', 'airworthy_since', 'a date'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
