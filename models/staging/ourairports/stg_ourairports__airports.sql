with source as (

    select * from {{ source('ourairports', 'airports') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is North America, and Namibia
        {{ trimmed('ident') }} as ident,
        {{ trimmed('type') }} as type,
        {{ trimmed('name') }} as name,
        {{ stated('latitude_deg') }} as latitude_deg,
        {{ stated('longitude_deg') }} as longitude_deg,
        {{ stated('elevation_ft') }} as elevation_ft,
        {{ trimmed('continent') }} as continent,
        {{ trimmed('iso_country') }} as iso_country,
        {{ trimmed('iso_region') }} as iso_region,
        {{ trimmed('municipality') }} as municipality,
        {{ trimmed('scheduled_service') }} as scheduled_service,
        {{ trimmed('icao_code') }} as icao_code,
        {{ trimmed('iata_code') }} as iata_code,
        {{ trimmed('local_code') }} as local_code,
        {{ record_as_json('source') }} as raw_text
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
        case when ident is null then 'ident is missing' end,
        case when name is null then 'name is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when latitude_degrees is null then 'latitude_deg is not a latitude: ' || latitude_deg end,
        case when longitude_degrees is null then 'longitude_deg is not a longitude: ' || longitude_deg end,
        case when elevation_feet is null then 'elevation_ft is not a whole number: ' || elevation_ft end,
        case when has_scheduled_service is null then 'scheduled_service is not yes or no: ' || scheduled_service end
    ) as reject_reason,
    raw_text
from typed
