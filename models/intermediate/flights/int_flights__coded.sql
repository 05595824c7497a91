with flights as (

    select * from {{ ref('int_flights__stated') }}

),

carriers as (

    select * from {{ ref('int_carriers__bts_ids') }}

),

-- each twice, so that Postgres looks them up by their index: a common table expression that is read twice has none
origin_ids as (

    select * from {{ ref('int_airports__bts_ids') }}

),

destination_ids as (

    select * from {{ ref('int_airports__bts_ids') }}

)

select
    flights.*,
    -- Some selections name carriers and airports by number. Where no loaded file says the code, the number stands for it.
    coalesce(flights.stated_carrier_code, carriers.carrier_code, '#' || flights.airline_id_dot) as carrier_code,
    coalesce(flights.stated_origin_airport_code_iata, origin_ids.airport_code_iata, '#' || flights.origin_airport_id_bts)
        as origin_airport_code_iata,
    coalesce(
        flights.stated_destination_airport_code_iata, destination_ids.airport_code_iata, '#' || flights.destination_airport_id_bts
    ) as destination_airport_code_iata,
    -- a selection without scheduled clocks has them in actual clock and delay
    {{ scheduled_clock(
        'flights.stated_scheduled_departure_clock_minutes',
        clock_before('flights.actual_departure_clock_minutes', 'flights.stated_dep_delay_minutes'),
        of_other_end='flights.stated_scheduled_arrival_clock_minutes'
    ) }} as scheduled_departure_clock_minutes,
    {{ scheduled_clock(
        'flights.stated_scheduled_arrival_clock_minutes',
        clock_before('flights.actual_arrival_clock_minutes', 'flights.arr_delay_minutes'),
        of_other_end='flights.stated_scheduled_departure_clock_minutes'
    ) }} as scheduled_arrival_clock_minutes
from flights
left join carriers
    on carriers.airline_id_dot = flights.airline_id_dot and flights.stated_carrier_code is null
left join origin_ids
    on origin_ids.airport_id_bts = flights.origin_airport_id_bts and flights.stated_origin_airport_code_iata is null
left join destination_ids
    on destination_ids.airport_id_bts = flights.destination_airport_id_bts
    and flights.stated_destination_airport_code_iata is null
