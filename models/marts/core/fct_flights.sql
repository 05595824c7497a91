with flights as (

    select * from {{ ref('int_flights') }}

)

select
    flights.flight_key,
    flights.flight_month,
    {{ flight_columns('flights') }},
    {{ is_late('flights') }} as is_late,
    {{ is_tarmac_delay('flights') }} as is_tarmac_delay
from flights
where {{ is_current('flights.version_id', 'int_flights__records') }}
