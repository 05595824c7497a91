with records as (

    {{ missing_months_in_files_of('int_flights__clocks', 'flight_month') }}

),

-- identical rows of one file can be different flights: they are told apart by their order
numbered as (

    select
        *,
        row_number() over (
            partition by
                month_version_id, file_no, flight_date_local, carrier_code, flight_number, origin_airport_code_iata,
                destination_airport_code_iata, scheduled_departure_at_local
            order by record_no
        ) as occurrence
    from records

),

keyed as (

    select
        *,
        md5(
            flight_date_local || '|' || carrier_code || '|'
            -- rows without flight number or schedule are never merged with those of another file
            || coalesce(
                flight_number || '|' || scheduled_departure_at_local, 'record ' || file_no || '.' || record_no
            ) || '|'
            || origin_airport_code_iata || '|' || destination_airport_code_iata || '|' || occurrence
        ) as flight_key,
        -- a selection without arrivals leaves open who was on time
        case
            when is_arrival_stated
                then {{ is_on_time('arr_delay_minutes', 'is_cancelled', 'is_diverted', 'is_arrival_late') }}
        end as is_on_time,
        file_no as source_file_no,
        record_no as source_record_no
    from numbered

)

select
    keyed.month_version_id as version_id,
    keyed.flight_key,
    -- partial extracts of a month overlap: a flight counts once, as the file received last states it
    row_number() over (partition by keyed.month_version_id, keyed.flight_key order by keyed.file_no desc) > 1 as is_duplicate,
    keyed.flight_month,
    {{ flight_columns('keyed') }}
from keyed
