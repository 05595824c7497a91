with source as (

    select * from {{ source('bts', 'carrier_history') }}

),

given as (

    {{ code_and_description('source') }}

),

parted as (

    -- `Midwest Express Airlines (1984 - 2003)`, `Republic Airline (2017 - )`; a name can have brackets of its own
    select
        *,
        case
            when regexp_like(description, '[(][0-9]{4} ?- ?([0-9]{4})? ?[)]$')
                then replace(split_part(description, '(', -1), ')', '')
        end as years
    from given

),

typed as (

    select
        *,
        {{ whole_number("trim(split_part(years, '-', 1))") }} as first_year,
        {{ whole_number("nullif(trim(split_part(years, '-', 2)), '')") }} as last_year,
        trim(left(description, length(description) - length(years) - 2)) as carrier_name
    from parted

)

select
    file_no,
    record_no,
    code as carrier_code,
    carrier_name,
    first_year,
    last_year,
    coalesce(
        case when code is null then 'code is missing' end,
        case when description is null then 'description is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when years is null then 'description is not a name and its years: ' || description end
    ) as reject_reason,
    raw_text
from typed
