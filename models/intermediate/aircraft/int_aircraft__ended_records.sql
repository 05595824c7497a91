with deregistered as (

    {{ records_of_files(ref('stg_faa__dereg'), files_to_build({'source': 'faa', 'entity': 'dereg'})) }}

)

select
    file_version_id as version_id,
    tail_number,
    serial_number,
    aircraft_model_code,
    manufacture_year,
    certificate_issued_on,
    cancelled_on,
    file_no,
    record_no
from deregistered
where reject_reason is null
