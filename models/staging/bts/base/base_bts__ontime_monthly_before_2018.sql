with source as (

    select * from {{ source('bts', 'ontime_monthly_before_2018') }}

)

{{ monthly_archive('unique_carrier', 'airline_id', 'flight_num', 'tail_num') }}
