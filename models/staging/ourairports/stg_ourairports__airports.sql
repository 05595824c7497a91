with source as (

    select * from {{ source('ourairports', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is North America, and Namibia
        {%- for column in ['ident', 'type', 'name', 'latitude_deg', 'longitude_deg', 'elevation_ft', 'continent', 'iso_country',
                           'iso_region', 'municipality', 'scheduled_service', 'icao_code', 'iata_code', 'local_code'] %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ csv_line(['id', 'ident', 'type', 'name', 'latitude_deg', 'longitude_deg', 'elevation_ft', 'continent', 'iso_country',
                     'iso_region', 'municipality', 'scheduled_service', 'icao_code', 'iata_code', 'gps_code', 'local_code',
                     'home_link', 'wikipedia_link', 'keywords']) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ within(decimal_number('latitude_deg'), -90, 90) }} as latitude_degrees,
        {{ within(decimal_number('longitude_deg'), -180, 180) }} as longitude_degrees,
        {{ whole_number('elevation_ft') }} as elevation_feet,
        case scheduled_service when 'yes' then true when 'no' then false end as has_scheduled_service
    from given

)

select
    file_no,
    record_no,
    ident as airport_ident,
    iata_code as airport_code_iata,
    icao_code as airport_code_icao,
    local_code,
    type as airport_type,
    name as airport_name,
    latitude_degrees,
    longitude_degrees,
    elevation_feet,
    continent as continent_code,
    iso_country as country_code_iso,
    iso_region as region_code_iso,
    municipality,
    has_scheduled_service,
    coalesce(type = 'closed', false) as is_closed,
    coalesce(
        {{ first_missing(['ident', 'name']) }},
        {{ first_failed_cast([
            ['latitude_deg', 'latitude_degrees', 'a latitude'],
            ['longitude_deg', 'longitude_degrees', 'a longitude'],
            ['elevation_ft', 'elevation_feet', 'a whole number'],
            ['scheduled_service', 'has_scheduled_service', 'yes or no'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
