with records as (

    select * from {{ ref('int_delays__records') }}

),

versions as (

    select * from {{ ref('month_versions') }}

)

select
    records.data_month,
    versions.release_no,
    versions.known_from_utc,
    versions.known_to_utc,
    records.carrier_code,
    records.airport_code_iata,
    records.flights,
    records.late,
    records.cancelled,
    records.diverted,
    records.sum_late_arrival_minutes,
    records.carrier_delay_minutes,
    records.weather_delay_minutes,
    records.nas_delay_minutes,
    records.security_delay_minutes,
    records.late_aircraft_delay_minutes,
    records.carrier_ct,
    records.weather_ct,
    records.nas_ct,
    records.security_ct,
    records.late_aircraft_ct,
    records.source_file_no,
    records.source_record_no
from records
inner join versions on versions.model_name = 'int_delays__records' and versions.version_id = records.version_id
where not records.is_duplicate
