with flights as (

    {{ missing_months_of('int_flights') }}

),

fences as (

    {{ missing_months_of('int_performance__arrival_fences') }}

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
    ends.month_version_id as version_id,
    ends.flight_month,
    ends.airport_code_iata,
    ends.direction,
    {{ flight_totals('ends') }},
    {{ delay_spread('ends', 'fences') }}
from ends
left join fences on fences.month_version_id = ends.month_version_id
group by ends.month_version_id, ends.flight_month, ends.airport_code_iata, ends.direction
