with totals as (

    select * from {{ ref('int_performance__carrier_months') }}

)

select
    totals.flight_month,
    totals.carrier_code,
    {{ flight_rates('totals') }}
from totals
where {{ is_current('totals.version_id', 'int_performance__carrier_months') }}
