with known as (

    select * from {{ ref('int_files__known') }}

),

-- after an event nothing may count: then the month is withdrawn
states as (

    select
        series,
        data_month,
        event_no,
        max(known_from_utc) as known_from_utc,
        {{ string_agg_ordered("case when is_counting then file_id end", '|', 'file_id') }} as file_ids
    from known
    group by series, data_month, event_no

),

changes as (

    select
        *,
        lag(file_ids) over (partition by series, data_month order by event_no) as file_ids_before
    from states

),

-- an extract of a month that is there completely changes nothing, and makes no release; nor does a file that is held
releases as (

    select
        series,
        data_month,
        event_no,
        known_from_utc,
        lead(known_from_utc) over (partition by series, data_month order by event_no) as known_to_utc,
        cast(row_number() over (partition by series, data_month order by event_no) as integer) as release_no,
        cast(row_number() over (partition by series, data_month, file_ids order by event_no) as integer) as recurrence
    from changes
    where file_ids is distinct from file_ids_before

)

select
    known.source,
    known.entity,
    known.data_month,
    releases.release_no,
    releases.known_from_utc,
    releases.known_to_utc,
    known.is_complete_month,
    known.file_no,
    known.file_id,
    known.received_at_utc,
    known.rows_accepted,
    releases.recurrence
from releases
inner join known
    on known.series = releases.series
    and known.data_month is not distinct from releases.data_month
    and known.event_no = releases.event_no
where known.is_counting
