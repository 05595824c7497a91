with bands as (

    select * from {{ ref('int_monitoring__day_bands') }}
    where {{ is_current('version_id', 'int_monitoring__day_expectations') }}

)

select
    flight_month,
    flight_date_local,
    measure,
    observed,
    expected,
    expected_low,
    expected_high,
    is_outside,
    figures_before
from bands
where carrier_code = '{{ all_carriers() }}'
