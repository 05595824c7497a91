with totals as (

    select * from {{ ref('int_performance__flight_number_months') }}

)

select
    totals.flight_month,
    totals.carrier_code,
    totals.flight_number,
    totals.origin_airport_code_iata,
    totals.destination_airport_code_iata,
    totals.flights,
    totals.cancelled,
    totals.on_time,
    cast({{ percentage('totals.on_time', 'totals.with_known_outcome') }} as numeric(7, 4)) as on_time_pct,
    totals.late_or_cancelled,
    cast({{ percentage('totals.late_or_cancelled', 'totals.flights') }} as numeric(7, 4)) as late_or_cancelled_pct,
    {{ is_chronically_late('totals.flights', 'totals.late_or_cancelled') }} as is_chronically_late
from totals
where {{ is_current('totals.version_id', 'int_performance__flight_number_months') }}
