-- Files that are held, or on which somebody decided.
select
    file_no,
    file_name,
    standing,
    months,
    rows_of_months,
    reason,
    since_at_utc,
    decided_by,
    remark,
    next_command
from marts.audit_held_files
order by standing = 'held' desc, since_at_utc desc
