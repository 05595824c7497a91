-- What is published, and how it performed as a whole.
select
    count(distinct flight_month) as months,
    min(flight_month) as first_month,
    max(flight_month) as last_month,
    cast(sum(flights) as bigint) as flights,
    cast(sum(with_known_outcome) as bigint) as with_known_outcome,
    cast(sum(on_time) as bigint) as on_time,
    round(100.0 * sum(on_time) / nullif(sum(with_known_outcome), 0), 4) as on_time_pct,
    (select count(distinct agg_carrier_month.carrier_code) from marts.agg_carrier_month) as carriers,
    (select count(distinct agg_airport_month.airport_code_iata) from marts.agg_airport_month) as airports
from marts.agg_month
