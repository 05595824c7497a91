{%- set builds = files_to_build({'source': 'faa', 'entity': 'dereg'}) -%}

with deregistered as (

    select * from {{ ref('stg_faa__dereg') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

)

select
    versions.version_id,
    deregistered.tail_number,
    deregistered.serial_number,
    deregistered.aircraft_model_code,
    deregistered.manufacture_year,
    deregistered.certificate_issued_on,
    deregistered.cancelled_on,
    deregistered.file_no,
    deregistered.record_no
from deregistered
inner join versions on versions.reads = deregistered.file_no
where deregistered.file_no in ({{ builds.reads }}) and deregistered.reject_reason is null
