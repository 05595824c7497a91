-- The months of the report: a year, and the month a year ago.
select flight_month
from marts.agg_month
where flight_month >= (select max(flight_month) - interval '12 months' from marts.agg_month)
order by flight_month
