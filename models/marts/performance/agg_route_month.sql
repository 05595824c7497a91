with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'route'

)

select
    totals.flight_month,
    totals.origin_airport_code_iata,
    totals.destination_airport_code_iata,
    {{ flight_rates('totals') }}
from totals
where {{ is_current('totals.version_id', 'int_performance__totals') }}
