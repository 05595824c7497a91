with airports as (

    select * from {{ ref('int_airports') }}

)

select
    airport_code_iata,
    time_zone
from airports
where time_zone is not null
