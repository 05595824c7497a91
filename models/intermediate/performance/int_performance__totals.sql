-- Totals of a month by carrier, by route, by carrier and airport of arrival, and of all flights together: one reading of the
-- flights for all of them. What a grain does not divide by is null.
with flights as (

    {{ missing_months_of('int_flights') }}

),

fences as (

    {{ missing_months_of('int_performance__arrival_fences') }}

)

select
    flights.month_version_id as version_id,
    flights.flight_month,
    case
        when grouping(flights.carrier_code) = 1 and grouping(flights.destination_airport_code_iata) = 1 then 'month'
        when grouping(flights.destination_airport_code_iata) = 1 then 'carrier'
        when grouping(flights.carrier_code) = 1 then 'route'
        else 'carrier and destination'
    end as grain,
    flights.carrier_code,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    {%- for cause in delay_causes() %}
    {{ late_flights_by('flights', cause) }} as late_flights_by_{{ cause }},
    {%- endfor %}
    {{ flight_totals('flights') }},
    {{ delay_spread('flights', 'fences') }}
from flights
left join fences on fences.month_version_id = flights.month_version_id
group by
    flights.month_version_id,
    flights.flight_month,
    grouping sets (
        (),
        (flights.carrier_code),
        (flights.origin_airport_code_iata, flights.destination_airport_code_iata),
        (flights.carrier_code, flights.destination_airport_code_iata)
    )
