-- Where the records of each file went, and what is left over.
select
    file_no,
    file_name,
    source,
    dataset,
    received_at_utc,
    rows_seen,
    rows_published,
    rows_duplicate,
    rows_superseded,
    rows_kept_apart,
    rows_held,
    rows_rejected,
    rows_seen - rows_published - rows_duplicate - rows_superseded - rows_kept_apart - rows_held - rows_rejected as unaccounted
from marts.audit_row_ledger
order by received_at_utc desc, file_no desc
