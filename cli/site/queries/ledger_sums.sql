-- Where the records of each source went; each line adds up to what was seen.
select
    source,
    entity,
    count(*) as files,
    cast(sum(rows_seen) as bigint) as rows_seen,
    cast(sum(rows_published) as bigint) as rows_published,
    cast(sum(rows_duplicate) as bigint) as rows_duplicate,
    cast(sum(rows_superseded) as bigint) as rows_superseded,
    cast(sum(rows_kept_apart) as bigint) as rows_kept_apart,
    cast(sum(rows_held) as bigint) as rows_held,
    cast(sum(rows_rejected) as bigint) as rows_rejected
from marts.audit_row_ledger
group by source, entity
order by sum(rows_seen) desc, source asc, entity asc
