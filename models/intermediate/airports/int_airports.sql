with listed as (

    select * from {{ ref('int_airports__listed') }}

),

regions as (

    select * from {{ ref('stg_ourairports__regions') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- the row of one source with all that it says, so that no airport is made of two
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

-- Not every source knows zones, and a code can mean an airfield in Alaska to one and an airport in Turkey to another: only a
-- zone from within a degree of the described place counts.
zoned as (

    select *
    from (
        select
            described.airport_code_iata,
            listed.time_zone,
            row_number() over (partition by described.airport_code_iata order by listed.precedence) as choice
        from described
        inner join listed on listed.airport_code_iata = described.airport_code_iata
        where
            listed.time_zone is not null
            and coalesce(abs(listed.latitude_degrees - described.latitude_degrees) < 1, true)
            and coalesce(abs(listed.longitude_degrees - described.longitude_degrees) < 1, true)
    ) as ranked
    where choice = 1

),

named_regions as (

    {{ newest_records('regions', 'region_code_iso') }}

)

select
    described.airport_code_iata,
    described.airport_name,
    described.latitude_degrees,
    described.longitude_degrees,
    described.elevation_feet,
    zoned.time_zone,
    described.municipality,
    described.region_code_iso,
    coalesce(described.region_name, named_regions.region_name) as region_name,
    described.country_code_iso,
    numbered.airport_id_bts,
    described.source_file_no,
    described.source_record_no
from described
left join zoned on zoned.airport_code_iata = described.airport_code_iata
left join listed as numbered
    on numbered.airport_code_iata = described.airport_code_iata and numbered.airport_id_bts is not null
left join named_regions on named_regions.region_code_iso = described.region_code_iso
