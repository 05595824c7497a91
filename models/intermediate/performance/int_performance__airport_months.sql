{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}
    where version_id in ({{ builds.reads }})

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

-- each flight counts at the airport that it leaves and at the one that it is bound for
ends as (

    select
        *,
        'departures' as direction,
        origin_airport_code_iata as airport_code_iata
    from flights
    union all
    select
        *,
        'arrivals' as direction,
        destination_airport_code_iata as airport_code_iata
    from flights

)

select
    versions.version_id,
    ends.flight_month,
    ends.airport_code_iata,
    ends.direction,
    {{ flight_totals('ends') }}
from ends
inner join versions on versions.reads = ends.version_id
group by versions.version_id, ends.flight_month, ends.airport_code_iata, ends.direction
