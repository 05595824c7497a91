with source as (

    select * from {{ source('ourairports', 'regions') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is Namibia, and North America
        {{ trimmed('code') }} as code,
        {{ trimmed('name') }} as name,
        {{ trimmed('continent') }} as continent,
        {{ trimmed('iso_country') }} as iso_country,
        {{ record_as_json('source') }} as raw_text
    from source

)

select
    file_no,
    record_no,
    code as region_code_iso,
    name as region_name,
    iso_country as country_code_iso,
    continent as continent_code,
    coalesce(
        case when code is null then 'code is missing' end,
        case when name is null then 'name is missing' end
    ) as reject_reason,
    raw_text
from given
