with source as (

    select * from {{ source('bts', 'ontime_monthly') }}

)

{{ monthly_archive('reporting_airline', 'dot_id_reporting_airline', 'flight_number_reporting_airline', 'tail_number') }}
