{%- set builds = months_to_build_from('int_flights__records') -%}
{%- set fence_builds = months_to_build_from('int_performance__arrival_fences') -%}

with flights as (

    select * from {{ ref('int_flights') }}
    where version_id in ({{ builds.reads }})

),

arrival_fences as (

    select * from {{ ref('int_performance__arrival_fences') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

fence_versions (version_id, reads) as (

    {{ fence_builds.rows }}

),

fences as (

    select
        fence_versions.version_id,
        arrival_fences.lower_fence_minutes,
        arrival_fences.upper_fence_minutes
    from arrival_fences
    inner join fence_versions on fence_versions.reads = arrival_fences.version_id
    where arrival_fences.version_id in ({{ fence_builds.reads }})

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
    {{ flight_totals('ends') }},
    {{ delay_spread('ends', 'fences') }}
from ends
inner join versions on versions.reads = ends.version_id
left join fences on fences.version_id = versions.version_id
group by versions.version_id, ends.flight_month, ends.airport_code_iata, ends.direction
