-- How many totals agree with those that BTS publishes, by month.
select
    flight_month,
    count(*) filter (where agreement = 'equal') as equal,
    count(*) filter (where agreement = 'incomplete') as incomplete,
    count(*) filter (where agreement = 'differs') as differs,
    sum(flights) as flights,
    sum(published_flights) as published_flights,
    string_agg(distinct differing_measures, ', ') filter (where agreement = 'differs') as differing_measures
from marts.audit_published_agreement
group by flight_month
order by flight_month desc
