-- Where the records of each source went; each line adds up to what was seen.
select
    source,
    entity,
    count(*) as files,
    sum(rows_seen)::bigint as rows_seen,
    sum(rows_published)::bigint as rows_published,
    sum(rows_duplicate)::bigint as rows_duplicate,
    sum(rows_superseded)::bigint as rows_superseded,
    sum(rows_kept_apart)::bigint as rows_kept_apart,
    sum(rows_held)::bigint as rows_held,
    sum(rows_rejected)::bigint as rows_rejected
from marts.audit_row_ledger
group by source, entity
order by sum(rows_seen) desc, source, entity
