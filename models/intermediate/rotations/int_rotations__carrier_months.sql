with legs as (

    {{ missing_months_of('int_rotations__legs') }}

)

select
    legs.month_version_id as version_id,
    legs.flight_month,
    legs.carrier_code,
    count(*) as legs,
    -- of the others nobody knows what they took over: the sums below are of these
    count(*) filter (where legs.chain_status = 'linked') as linked_legs,
    count(*) filter (where legs.inherited_delay_minutes > 0) as legs_with_inherited_delay,
    -- early departures make up for nothing: only delays are shared out
    coalesce(sum(legs.dep_delay_minutes) filter (
        where legs.chain_status = 'linked' and legs.dep_delay_minutes > 0
    ), 0) as sum_positive_dep_delay_minutes,
    coalesce(sum(legs.inherited_delay_minutes), 0) as sum_inherited_delay_minutes,
    coalesce(sum(legs.added_delay_minutes) filter (where legs.dep_delay_minutes > 0), 0) as sum_added_delay_minutes,
    coalesce(sum(legs.scheduled_turnaround_minutes), 0) as sum_scheduled_turnaround_minutes,
    cast(percentile_cont(0.5) within group (order by legs.scheduled_slack_minutes) as numeric(12, 2)) as median_slack_minutes
from legs
group by legs.month_version_id, legs.flight_month, legs.carrier_code
