-- On its day a flight finds one carrier, one aircraft and one airport at most: a join on code and day never repeats flights.
with flights as (

    select * from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})

),

carriers as (

    select * from {{ ref('dim_carrier_history') }}

),

aircraft as (

    select * from {{ ref('dim_aircraft_history') }}

),

airports as (

    select * from {{ ref('dim_airport_history') }}

),

{% for relation, key, flight_key in [
    ('carriers', 'carrier_code', 'carrier_code'),
    ('aircraft', 'tail_number', 'tail_number'),
    ('airports', 'airport_code_iata', 'origin_airport_code_iata'),
    ('airports', 'airport_code_iata', 'destination_airport_code_iata'),
] -%}
found_by_{{ flight_key }} as (

    -- flights of one day and code find the same
    select
        '{{ flight_key }}' as found_by,
        flown.code,
        flown.flight_date_local,
        count(*) as rows_found
    from (
        select distinct
            {{ flight_key }} as code,
            flight_date_local
        from flights
    ) as flown
    inner join {{ relation }}
        on {{ relation }}.{{ key }} = flown.code
        and {{ relation }}.valid_from <= flown.flight_date_local
        and ({{ relation }}.valid_to > flown.flight_date_local or {{ relation }}.valid_to is null)
    group by flown.code, flown.flight_date_local
    having count(*) > 1

){{ ',' if not loop.last }}

{% endfor -%}
select * from found_by_carrier_code
union all
select * from found_by_tail_number
union all
select * from found_by_origin_airport_code_iata
union all
select * from found_by_destination_airport_code_iata
