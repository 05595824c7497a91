with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'carrier and destination'

)

select
    totals.flight_month,
    totals.carrier_code,
    totals.destination_airport_code_iata as airport_code_iata,
    {{ flight_rates('totals') }},
    {{ on_time_rank('totals', ['totals.flight_month', 'totals.destination_airport_code_iata']) }} as on_time_rank
from totals
where {{ is_current('totals.version_id', 'int_performance__totals') }}
