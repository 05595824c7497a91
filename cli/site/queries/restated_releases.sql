-- Which months had how many releases, of flights and of the totals that BTS publishes; the newest 60 months.
select
    case model_name when 'int_flights__records' then 'flights' else 'delay causes' end as entity,
    data_month,
    count(*) as releases,
    max(known_from_utc) as newest_known_from_utc,
    bool_or(known_to_utc is null) as one_counts
from marts.month_versions
where model_name in ('int_flights__records', 'int_delays__records')
group by model_name, data_month
order by data_month desc, model_name asc
limit 60
