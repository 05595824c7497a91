-- Days that were unusual for all carriers together.
select
    found_on,
    severity,
    measure,
    observed,
    expected,
    expected_low,
    expected_high
from marts.audit_anomalies
where kind = 'figure of a day' and subject = 'all carriers'
order by severity asc, found_on desc, measure asc
