-- The carriers of the report, those with the most flights first.
select
    agg_carrier_month.carrier_code,
    dim_carriers.carrier_name,
    cast(sum(agg_carrier_month.flights) as bigint) as flights
from marts.agg_carrier_month
left join marts.dim_carriers on dim_carriers.carrier_code = agg_carrier_month.carrier_code
where agg_carrier_month.flight_month >= (select max(agg_month.flight_month) - interval '12 months' from marts.agg_month)
group by agg_carrier_month.carrier_code, dim_carriers.carrier_name
order by sum(agg_carrier_month.flights) desc, agg_carrier_month.carrier_code
