with totals as (

    select * from {{ ref('int_rotations__carrier_months') }}

)

select
    totals.flight_month,
    totals.carrier_code,
    totals.legs,
    totals.linked_legs,
    cast({{ percentage('totals.linked_legs', 'totals.legs') }} as numeric(7, 4)) as linked_pct,
    totals.legs_with_inherited_delay,
    totals.sum_inherited_delay_minutes as inherited_delay_minutes,
    totals.sum_added_delay_minutes as added_delay_minutes,
    cast(
        {{ percentage('totals.sum_inherited_delay_minutes', 'totals.sum_positive_dep_delay_minutes') }} as numeric(7, 4)
    ) as inherited_pct,
    cast({{ mean('totals.sum_scheduled_turnaround_minutes', 'totals.linked_legs') }} as numeric(12, 4))
        as mean_scheduled_turnaround_minutes,
    totals.median_slack_minutes
from totals
where {{ is_current('totals.version_id', 'int_rotations__carrier_months') }}
