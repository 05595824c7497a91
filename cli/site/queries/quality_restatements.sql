-- What newer releases changed.
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
order by known_from_utc desc, entity asc, data_month desc, measure asc
