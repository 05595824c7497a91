-- Columns of flights that lack values which are due.
select
    column_name,
    sum(values_due) as values_due,
    sum(values_missing) as values_missing,
    100.0 * sum(values_missing) / nullif(sum(values_due), 0) as missing_pct,
    count(*) filter (where is_outside) as months_with_more_than_usual
from marts.audit_missing_values
group by column_name
having sum(values_missing) > 0
order by missing_pct desc nulls last, column_name asc
