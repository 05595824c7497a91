-- When readers got what they see now, and by which run of a command.
select
    publications.started_at_utc as published_at_utc,
    runs.run_id,
    runs.command,
    runs.outcome,
    runs.release,
    runs.seconds,
    publications.marts_changed,
    publications.rows_changed
from (
    select
        run_id,
        max(started_at_utc) as started_at_utc,
        count(*) as marts_changed,
        cast(sum(row_count) as bigint) as rows_changed
    from marts.audit_runs
    where step = 'publish' and outcome = 'succeeded'
    group by run_id
) as publications
left join marts.audit_runs as runs on runs.run_id = publications.run_id and runs.step = 'command'
order by publications.started_at_utc desc nulls last
limit 1
