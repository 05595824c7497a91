-- Months that are expected and not there.
select
    entity,
    data_month,
    state,
    due_on,
    last_seen_at_utc
from marts.audit_gaps
where state in ('missing', 'held', 'failed')
order by data_month desc, entity asc
