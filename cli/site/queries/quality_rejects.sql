-- Why records were rejected, by file.
select
    source,
    file_no,
    reason,
    count(*) as records,
    min(record_no) as first_record,
    min(left(raw_text, 120)) as one_of_them
from marts.audit_rejects
group by source, file_no, reason
order by records desc, file_no asc, reason asc
