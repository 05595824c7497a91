-- Each month that is expected, and whether it is there.
select
    entity,
    data_month,
    state,
    releases,
    last_seen_at_utc,
    due_on
from marts.audit_gaps
order by entity, data_month
