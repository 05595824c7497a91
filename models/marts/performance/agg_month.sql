with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'month'

)

select
    totals.flight_month,
    {{ flight_rates('totals') }}
from totals
where {{ is_current('totals.version_id', 'int_performance__totals') }}
