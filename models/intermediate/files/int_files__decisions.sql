with decisions as (

    select
        decision_no,
        file_no,
        verdict,
        remark,
        decided_by,
        {{ timestamptz_to_utc('decided_at') }} as decided_at_utc
    from {{ source('raw', 'decisions') }}
    -- what is decided while a build runs waits for the next one
    where {{ is_seen_by_build('decision_no') }}

)

select
    decision_no,
    file_no,
    verdict,
    remark,
    decided_by,
    decided_at_utc,
    lead(decision_no) over (partition by file_no order by decision_no) as next_decision_no
from decisions
