with airports as (

    select * from {{ ref('stg_nycflights13__airports') }}

),

supplement as (

    select * from {{ ref('airports_supplement') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

listed as (

    {{ newest_records('airports', 'airport_code_iata') }}

)

select
    airport_code_iata,
    airport_name,
    latitude_degrees,
    longitude_degrees,
    elevation_feet,
    time_zone,
    file_no as source_file_no,
    record_no as source_record_no
from listed
union all
select
    supplement.airport_code_iata,
    supplement.airport_name,
    supplement.latitude_degrees,
    supplement.longitude_degrees,
    supplement.elevation_feet,
    supplement.time_zone,
    null as source_file_no,
    null as source_record_no
from supplement
left join listed on listed.airport_code_iata = supplement.airport_code_iata
where listed.airport_code_iata is null
