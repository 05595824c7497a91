-- What is most unusual, the newest first.
select
    found_on,
    subject,
    measure,
    observed,
    expected,
    explanation,
    kind
from marts.audit_anomalies
where severity = 'alarm'
order by found_on desc, subject asc, measure asc
limit 20
