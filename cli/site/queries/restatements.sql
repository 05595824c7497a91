-- What each release changed of its month, the newest first.
select
    entity,
    data_month,
    release_no,
    known_from_utc,
    measure,
    value_before,
    value_after,
    difference
from marts.audit_restatements
order by known_from_utc desc, data_month desc, entity asc, measure asc
limit 200
