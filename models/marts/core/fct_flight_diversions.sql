with diversions as (

    select * from {{ ref('int_flights__diversions') }}

)

select
    flight_key,
    flight_month,
    landing_number,
    stated_landings,
    airport_code_iata,
    airport_id_bts,
    wheels_on_at_local,
    wheels_off_at_local,
    ground_minutes,
    longest_ground_minutes,
    tail_number,
    is_destination_reached,
    diverted_elapsed_minutes,
    diverted_arr_delay_minutes,
    distance_to_destination_miles
from diversions
where {{ is_current('version_id', 'int_flights__diversions') }}
