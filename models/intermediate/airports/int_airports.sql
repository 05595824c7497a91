with listed as (

    select * from {{ ref('int_airports__listed') }}

),

regions as (

    select * from {{ ref('stg_ourairports__regions') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

described as (

    select *
    from (
        select
            *,
            row_number() over (partition by airport_code_iata order by precedence) as choice
        from listed
    ) as ranked
    where choice = 1

),

-- What the source does not know, the next one may. But a code can mean an airfield in Alaska to one and an airport in Turkey to
-- another: only what is said of a place within a degree counts.
nearby as (

    select listed.*
    from listed
    inner join described on described.airport_code_iata = listed.airport_code_iata
    where {{ is_same_place('listed', 'described') }}

),

{% for relation, column in [('time_zones', 'time_zone'), ('elevations', 'elevation_feet'), ('icaos', 'airport_code_icao')] -%}
{{ relation }} as (

    select
        airport_code_iata,
        {{ column }},
        row_number() over (partition by airport_code_iata order by precedence) as choice
    from nearby
    where {{ column }} is not null

),

{% endfor -%}
named_regions as (

    {{ newest_records('regions', 'region_code_iso') }}

)

select
    described.airport_code_iata,
    described.airport_name,
    described.latitude_degrees,
    described.longitude_degrees,
    elevations.elevation_feet,
    time_zones.time_zone,
    icaos.airport_code_icao,
    described.municipality,
    described.region_code_iso,
    -- OurAirports calls a region so where a country has none
    coalesce(described.region_name, nullif(named_regions.region_name, '(unassigned)')) as region_name,
    described.country_code_iso,
    numbered.airport_id_bts,
    described.source_file_no,
    described.source_record_no
from described
left join time_zones on time_zones.airport_code_iata = described.airport_code_iata and time_zones.choice = 1
left join elevations on elevations.airport_code_iata = described.airport_code_iata and elevations.choice = 1
left join icaos on icaos.airport_code_iata = described.airport_code_iata and icaos.choice = 1
left join listed as numbered
    on numbered.airport_code_iata = described.airport_code_iata and numbered.airport_id_bts is not null
left join named_regions on named_regions.region_code_iso = described.region_code_iso
