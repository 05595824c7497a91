with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'carrier'

)

select
    totals.flight_month,
    totals.carrier_code,
    {{ flight_rates('totals') }},
    {{ on_time_rank('totals', ['totals.flight_month']) }} as on_time_rank
from totals
where {{ is_current('totals.version_id', 'int_performance__totals') }}
