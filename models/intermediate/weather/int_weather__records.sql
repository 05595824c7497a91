{%- set builds = months_to_build_from_files() -%}

with weather as (

    select * from {{ ref('stg_nycflights13__weather') }}

),

versions (version_id, file_no) as (

    {{ builds.rows }}

),

-- a file can hold more months than those to build
records as (

    select
        versions.version_id,
        weather.*
    from weather
    inner join versions
        on versions.file_no = weather.file_no
        and {{ version_month('versions.version_id') }} = weather.observation_month_utc
    where weather.file_no in ({{ builds.reads }}) and weather.reject_reason is null

)

select
    version_id,
    -- an airport has one observation an hour: the one received last counts
    row_number() over (
        partition by version_id, airport_code_iata, observed_at_utc
        order by file_no desc, record_no desc
    ) > 1 as is_duplicate,
    observation_month_utc,
    airport_code_iata,
    observed_at_utc,
    temperature_fahrenheit,
    dew_point_fahrenheit,
    relative_humidity_pct,
    wind_direction_degrees,
    wind_speed_mph,
    wind_gust_mph,
    precipitation_inches,
    sea_level_pressure_millibars,
    visibility_miles,
    file_no as source_file_no,
    record_no as source_record_no
from records
