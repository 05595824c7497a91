with source as (

    select * from {{ source('nycflights13', 'airlines') }}

),

given as (

    select
        file_no,
        record_no,
        {{ trimmed('carrier') }} as carrier,
        {{ trimmed('name') }} as name,
        {{ record_as_json('source') }} as raw_text
    from source

),

final as (

    select
        file_no,
        record_no,
        carrier as carrier_code,
        name as carrier_name,
        coalesce(
            case when carrier is null then 'carrier is missing' end,
            case when name is null then 'name is missing' end
        ) as reject_reason,
        raw_text
    from given

)

select * from final
