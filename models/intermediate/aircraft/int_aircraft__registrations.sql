with listed as (

    select * from {{ ref('int_aircraft__listed') }}

),

ended as (

    select * from {{ ref('int_aircraft__ended') }}

),

aircraft_models as (

    select * from {{ ref('stg_faa__acftref') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

known_models as (

    {{ newest_records('aircraft_models', 'aircraft_model_code') }}

),

-- the edition that lacks an aircraft came some time after its registration had ended
ends as (

    select
        listed.tail_number,
        listed.valid_from,
        min(ended.cancelled_on) as cancelled_on
    from listed
    inner join ended
        on ended.tail_number = listed.tail_number
        and ended.aircraft_model_code = listed.aircraft_model_code
        and ended.serial_number is not distinct from listed.serial_number
        and ended.cancelled_on > listed.last_seen_on
        and ended.cancelled_on < listed.valid_to
    group by listed.tail_number, listed.valid_from

),

registrations as (

    select
        listed.tail_number,
        listed.valid_from,
        coalesce(ends.cancelled_on, listed.valid_to) as valid_to,
        listed.serial_number,
        listed.aircraft_model_code,
        listed.manufacture_year,
        listed.aircraft_type,
        listed.engine_type,
        listed.file_no,
        listed.record_no,
        true as is_listed
    from listed
    left join ends on ends.tail_number = listed.tail_number and ends.valid_from = listed.valid_from
    union all
    -- earlier holders of a number; a registration without both its days has no place in time
    select
        tail_number,
        certificate_issued_on as valid_from,
        cancelled_on as valid_to,
        serial_number,
        aircraft_model_code,
        manufacture_year,
        null as aircraft_type,
        null as engine_type,
        file_no,
        record_no,
        false as is_listed
    from ended
    where certificate_issued_on < cancelled_on

)

select
    registrations.tail_number,
    registrations.valid_from,
    registrations.valid_to,
    registrations.serial_number,
    registrations.manufacture_year,
    coalesce(registrations.aircraft_type, known_models.aircraft_type) as aircraft_type,
    known_models.manufacturer,
    known_models.model,
    known_models.engine_count,
    known_models.seat_count,
    known_models.cruising_speed_mph,
    coalesce(registrations.engine_type, known_models.engine_type) as engine_type,
    known_models.aircraft_model_code is not null as is_described,
    registrations.is_listed,
    registrations.file_no,
    registrations.record_no
from registrations
left join known_models on known_models.aircraft_model_code = registrations.aircraft_model_code
