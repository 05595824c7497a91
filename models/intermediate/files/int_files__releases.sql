with statements as (

    select * from {{ ref('int_files__statements') }}

),

-- Something new is known with each file that states all of something, and with the extracts of one load together. Files are in
-- the order of their numbers: those of one load land side by side, and are numbered as they were named.
arrivals as (

    select distinct
        series,
        data_month,
        case
            when states_all_of is null
                then max(file_no) over (partition by series, data_month, states_all_of, load_id)
            else file_no
        end as up_to_file_no
    from statements

),

known as (

    select
        statements.*,
        arrivals.up_to_file_no,
        max(statements.received_at_utc) over so_far as known_from_utc,
        coalesce(bool_or(statements.states_all_of = 'month') over so_far, false) as is_complete_month,
        row_number() over (
            partition by
                arrivals.series, arrivals.data_month, arrivals.up_to_file_no,
                coalesce(statements.states_all_of, cast(statements.file_no as {{ type_text() }}))
            order by statements.file_no desc
        ) as recency
    from arrivals
    inner join statements
        on statements.series = arrivals.series
        and statements.data_month is not distinct from arrivals.data_month
        and statements.file_no <= arrivals.up_to_file_no
    window so_far as (partition by arrivals.series, arrivals.data_month, arrivals.up_to_file_no)

),

-- a complete month supersedes all else, the newest statement of a part the older ones; extracts are united
counting as (

    select *
    from known
    where recency = 1 and (not is_complete_month or states_all_of = 'month')

),

states as (

    select
        series,
        data_month,
        up_to_file_no,
        max(known_from_utc) as known_from_utc,
        {{ string_agg_ordered('file_id', '|', 'file_id') }} as file_ids
    from counting
    group by series, data_month, up_to_file_no

),

changes as (

    select
        *,
        lag(file_ids) over (partition by series, data_month order by up_to_file_no) as file_ids_before
    from states

),

-- an extract of a month that is there completely changes nothing, and makes no release
releases as (

    select
        series,
        data_month,
        up_to_file_no,
        known_from_utc,
        lead(known_from_utc) over (partition by series, data_month order by up_to_file_no) as known_to_utc,
        cast(row_number() over (partition by series, data_month order by up_to_file_no) as integer) as release_no
    from changes
    where file_ids is distinct from file_ids_before

)

select
    counting.source,
    counting.entity,
    counting.data_month,
    releases.release_no,
    releases.known_from_utc,
    releases.known_to_utc,
    counting.is_complete_month,
    counting.file_no,
    counting.file_id,
    counting.received_at_utc,
    counting.rows_accepted
from releases
inner join counting
    on counting.series = releases.series
    and counting.data_month is not distinct from releases.data_month
    and counting.up_to_file_no = releases.up_to_file_no
