with legs as (

    select * from {{ ref('int_rotations__legs') }}

)

select
    flight_key,
    flight_month,
    tail_number,
    chain_status,
    previous_flight_key,
    scheduled_turnaround_minutes,
    actual_turnaround_minutes,
    scheduled_slack_minutes,
    previous_arr_delay_minutes,
    dep_delay_minutes,
    inherited_delay_minutes,
    added_delay_minutes
from legs
where {{ is_current('version_id', 'int_rotations__legs') }}
