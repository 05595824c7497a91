-- Of a linked flight inherited and added delay make its delay; nothing is inherited where the chain does not hold, nor of a leg
-- that was in time for the turnaround.
with rotations as (

    select * from {{ ref('fct_flight_rotations') }}
    where flight_month in ({{ pending_months() }})

)

select *
from rotations
where
    inherited_delay_minutes + added_delay_minutes <> dep_delay_minutes
    or (chain_status = 'linked') <> (inherited_delay_minutes is not null)
    or inherited_delay_minutes > greatest(dep_delay_minutes, 0)
    or (
        inherited_delay_minutes > 0
        and previous_arr_delay_minutes + {{ shortest_turnaround_minutes() }} <= scheduled_turnaround_minutes
    )
