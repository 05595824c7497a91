with source as (

    select * from {{ source('ourairports', 'regions') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is Namibia, and North America
        {%- for column in ['code', 'name', 'continent', 'iso_country'] %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ csv_line(['id', 'code', 'local_code', 'name', 'continent', 'iso_country', 'wikipedia_link', 'keywords']) }} as raw_text
    from source

)

select
    file_no,
    record_no,
    code as region_code_iso,
    name as region_name,
    iso_country as country_code_iso,
    continent as continent_code,
    {{ first_missing(['code', 'name']) }} as reject_reason,
    raw_text
from given
