{%- set builds = months_to_build_from('int_flights__records') -%}
{%- set fence_builds = months_to_build_from('int_performance__arrival_fences') -%}

with flights as (

    select * from {{ ref('int_flights') }}

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

)

select
    versions.version_id,
    flights.flight_month,
    {{ flight_totals('flights') }},
    {{ delay_spread('flights', 'fences') }}
from flights
inner join versions on versions.reads = flights.version_id
left join fences on fences.version_id = versions.version_id
where flights.version_id in ({{ builds.reads }})
group by versions.version_id, flights.flight_month
