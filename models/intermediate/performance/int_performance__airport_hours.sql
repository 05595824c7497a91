with flights as (

    {{ missing_months_of('int_flights') }}

),

departures as (

    select
        *,
        cast(extract(hour from scheduled_departure_at_local) as integer) as scheduled_hour_local
    from flights

)

select
    departures.month_version_id as version_id,
    departures.flight_month,
    departures.origin_airport_code_iata,
    departures.scheduled_hour_local,
    count(distinct departures.flight_date_local) as flight_days,
    count(*) as flights,
    {{ outcome_counts('departures') }},
    count(departures.is_on_time) as with_known_outcome,
    cast(avg(departures.dep_delay_minutes) as numeric(12, 4)) as mean_dep_delay_minutes,
    {{ delay_percentiles('departures', ['dep']) }}
from departures
where departures.scheduled_hour_local is not null
group by
    departures.month_version_id, departures.flight_month, departures.origin_airport_code_iata,
    departures.scheduled_hour_local
