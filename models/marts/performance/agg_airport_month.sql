with totals as (

    select * from {{ ref('int_performance__airport_months') }}

)

select
    totals.flight_month,
    totals.airport_code_iata,
    totals.direction,
    {{ flight_rates('totals') }},
    {{ on_time_rank('totals', ['totals.flight_month', 'totals.direction']) }} as on_time_rank
from totals
where {{ is_current('totals.version_id', 'int_performance__airport_months') }}
