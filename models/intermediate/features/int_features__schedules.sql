{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

-- each flight leaves its origin and arrives at its destination
movements as (

    select
        version_id as reads,
        'origin' as subject,
        origin_airport_code_iata as code,
        date_trunc('hour', scheduled_departure_at_utc) as scheduled_hour_utc
    from flights
    where version_id in ({{ builds.reads }})
    union all
    select
        version_id as reads,
        'destination' as subject,
        destination_airport_code_iata as code,
        date_trunc('hour', scheduled_arrival_at_utc) as scheduled_hour_utc
    from flights
    where version_id in ({{ builds.reads }})

)

select
    versions.version_id,
    {{ version_month('versions.version_id') }} as flight_month,
    movements.subject,
    movements.code,
    movements.scheduled_hour_utc,
    cast(count(*) as integer) as flights
from movements
inner join versions on versions.reads = movements.reads
where movements.scheduled_hour_utc is not null
group by versions.version_id, movements.subject, movements.code, movements.scheduled_hour_utc
