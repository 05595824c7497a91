-- The months of the report: a year, and the month a year ago.
with newest as (

    select max(flight_month) as flight_month
    from marts.agg_month

)

select agg_month.flight_month
from marts.agg_month
inner join newest on agg_month.flight_month >= newest.flight_month - interval '12 months'
order by agg_month.flight_month
