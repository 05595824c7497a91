-- Files that wait for somebody's decision.
select
    file_no,
    file_name,
    source,
    dataset,
    months,
    reason,
    since_at_utc,
    next_command
from marts.audit_held_files
where standing = 'held'
order by since_at_utc, file_no
