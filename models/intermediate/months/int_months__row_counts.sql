{%- set flights = months_to_build_from('int_flights__records') -%}
{%- set weather = months_to_build_from('int_weather__records') -%}

with flight_records as (

    select * from {{ ref('int_flights__records') }}

),

weather_records as (

    select * from {{ ref('int_weather__records') }}

),

flight_versions (version_id, reads) as (

    {{ flights.rows }}

),

weather_versions (version_id, reads) as (

    {{ weather.rows }}

),

records as (

    select
        flight_versions.version_id,
        flight_records.source_file_no,
        flight_records.is_duplicate
    from flight_records
    inner join flight_versions on flight_versions.reads = flight_records.version_id
    where flight_records.version_id in ({{ flights.reads }})
    union all
    select
        weather_versions.version_id,
        weather_records.source_file_no,
        weather_records.is_duplicate
    from weather_records
    inner join weather_versions on weather_versions.reads = weather_records.version_id
    where weather_records.version_id in ({{ weather.reads }})

)

select
    version_id,
    source_file_no,
    count(*) filter (where not is_duplicate) as rows_published,
    count(*) filter (where is_duplicate) as rows_duplicate
from records
group by version_id, source_file_no
