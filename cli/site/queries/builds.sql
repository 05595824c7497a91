-- The last ten builds, the newest first.
select
    command,
    outcome,
    detail,
    row_count as rows_published,
    exit_status,
    release,
    started_at_utc,
    seconds
from marts.audit_runs
where step = 'command' and (command = 'build' or command like 'build %' or command = 'dbt build')
order by step_no desc
limit 10
