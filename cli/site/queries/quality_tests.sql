-- What each test said when a build ran it last.
select distinct on (subject)
    subject as test,
    outcome,
    detail,
    row_count as rows_found,
    started_at_utc as ran_at_utc,
    seconds
from marts.audit_runs
where step = 'test'
order by subject asc, step_no desc
