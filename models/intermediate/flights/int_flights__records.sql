with records as (

    {{ missing_months_in_files_of('int_flights__clocks', 'flight_month') }}

),

statements as (

    select * from {{ ref('int_files__statements') }}
    where entity = 'flights'

),

-- what each file of a month states
stated as (

    select
        versions.version_id,
        {{ places_by_headers('statements.column_names', 'statements.file_no') }},
        {{ header_tells('statements.column_names', 'number') }} as has_numbers,
        {{ header_tells('statements.column_names', 'schedule') }} as has_schedules,
        statements.file_no
    from {{ months_to_build_from_files().rows }} as versions (version_id, reads)
    inner join statements
        on statements.file_no = versions.reads and statements.data_month = {{ version_month('versions.version_id') }}

),

-- and whether all of them say by what a flight is told from others
headers as (

    select
        *,
        bool_and(has_numbers) over (partition by version_id) as all_have_numbers,
        bool_and(has_schedules) over (partition by version_id) as all_have_schedules
    from stated

),

-- By what a flight is told from the others: its number and its schedule, one of them where its file lacks the other. Rows that
-- have neither are never merged with those of another file.
named as (

    select
        records.*,
        records.flight_date_local || '|' || records.carrier_code || '|' || records.origin_airport_code_iata || '|'
        || records.destination_airport_code_iata || '|' as route_of_day,
        coalesce(
            records.flight_number || '|' || records.scheduled_departure_at_local,
            case when not headers.has_schedules then 'number ' || records.flight_number end,
            case when not headers.has_numbers then 'schedule ' || records.scheduled_departure_at_local end,
            'record ' || records.file_no || '.' || records.record_no
        ) as own_name,
        -- and by what all files of the month name it
        coalesce(
            case
                when headers.all_have_numbers and headers.all_have_schedules
                    then records.flight_number || '|' || records.scheduled_departure_at_local
                when headers.all_have_schedules then cast(records.scheduled_departure_at_local as {{ type_text() }})
                when headers.all_have_numbers then cast(records.flight_number as {{ type_text() }})
            end,
            'record ' || records.file_no || '.' || records.record_no
        ) as common_name,
        case
            -- a selection without arrivals leaves open who was on time
            when records.is_arrival_stated
                then {{ is_on_time(
                    'records.arr_delay_minutes', 'records.is_cancelled', 'records.is_diverted', 'records.is_arrival_late'
                ) }}
        end as is_on_time
    from records
    -- each file has one; an inner join would let Postgres read the records once per file
    left join headers on headers.version_id = records.month_version_id and headers.file_no = records.file_no

),

-- identical rows of one file can be different flights: they are told apart by their order
keyed as (

    select
        *,
        md5(route_of_day || own_name || '|' || row_number() over (
            partition by month_version_id, file_no, route_of_day, own_name order by record_no
        )) as own_key,
        md5(route_of_day || common_name || '|' || row_number() over (
            partition by month_version_id, file_no, route_of_day, common_name
            order by actual_departure_at_local, tail_number, record_no
        )) as common_key
    from named

),

{{ flights_of_several_files('keyed', 'headers') }}

select
    keyed.month_version_id as version_id,
    coalesce(united.flight_key, keyed.own_key) as flight_key,
    -- a flight that several files state counts once, beside the file received last
    coalesce(keyed.file_no < united.newest_file_no, false) as is_duplicate,
    keyed.flight_month,
    {{ united_flight_columns('keyed', 'united') }}
from keyed
left join united on united.month_version_id = keyed.month_version_id and united.common_key = keyed.common_key
