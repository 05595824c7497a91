with runs as (

    select * from {{ source('ops', 'runs') }}

)

select
    step_no,
    run_id,
    parent_run_id,
    -- the row of the command has it
    max(command) over (partition by run_id) as command,
    step,
    subject,
    outcome,
    detail,
    row_count,
    rows_rejected,
    exit_code as exit_status,
    release,
    {{ timestamptz_to_utc('started_at') }} as started_at_utc,
    {{ timestamptz_to_utc('ended_at') }} as ended_at_utc,
    seconds,
    -- steps have no command of their own, and are repeated with that of their run
    case when outcome in ('failed', 'later', 'stopped', 'killed') then 'ontime ' || command end as next_command
from runs
