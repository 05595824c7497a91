with source as (

    select * from {{ source('ourairports', 'countries') }}

),

given as (

    select
        file_no,
        record_no,
        -- an empty field is missing; NA is Namibia, and North America
        {%- for column in ['code', 'name', 'continent'] %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ csv_line(['id', 'code', 'name', 'continent', 'wikipedia_link', 'keywords']) }} as raw_text
    from source

)

select
    file_no,
    record_no,
    code as country_code_iso,
    name as country_name,
    continent as continent_code,
    {{ first_missing(['code', 'name']) }} as reject_reason,
    raw_text
from given
