with flights as (

    {{ missing_months_of('int_flights') }}

),

-- each flight leaves its origin and arrives at its destination
movements as (

    select
        month_version_id,
        'origin' as subject,
        origin_airport_code_iata as code,
        date_trunc('hour', scheduled_departure_at_utc) as scheduled_hour_utc
    from flights
    union all
    select
        month_version_id,
        'destination' as subject,
        destination_airport_code_iata as code,
        date_trunc('hour', scheduled_arrival_at_utc) as scheduled_hour_utc
    from flights

)

select
    month_version_id as version_id,
    {{ version_month('month_version_id') }} as flight_month,
    subject,
    code,
    scheduled_hour_utc,
    cast(count(*) as integer) as flights
from movements
where scheduled_hour_utc is not null
group by month_version_id, subject, code, scheduled_hour_utc
