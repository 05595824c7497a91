-- What is unusual about the data itself.
select
    severity,
    kind,
    subject,
    measure,
    data_month,
    observed,
    expected,
    expected_low,
    expected_high,
    explanation
from marts.audit_anomalies
where kind <> 'figure of a day'
order by severity asc, data_month desc, kind asc, subject asc
