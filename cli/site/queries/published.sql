-- What is published, and how it performed as a whole.
select
    count(distinct flight_month) as months,
    min(flight_month) as first_month,
    max(flight_month) as last_month,
    sum(flights)::bigint as flights,
    sum(with_known_outcome)::bigint as with_known_outcome,
    sum(on_time)::bigint as on_time,
    round(100.0 * sum(on_time) / nullif(sum(with_known_outcome), 0), 4) as on_time_pct,
    (select count(distinct carrier_code) from marts.agg_carrier_month) as carriers,
    (select count(distinct airport_code_iata) from marts.agg_airport_month) as airports
from marts.agg_month
