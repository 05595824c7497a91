with statements as (

    select * from {{ ref('int_files__statements') }}

),

standings as (

    select * from {{ ref('int_files__standings') }}

),

decisions as (

    select * from {{ ref('int_files__decisions') }}

),

-- Something new is known with each file that states all of something, with the extracts of one load together, and with each
-- decision. Files are in the order of their numbers: those of one load land side by side, and are numbered as they were named.
events as (

    select
        series,
        data_month,
        case
            when states_all_of is null
                then max(file_no) over (partition by series, data_month, states_all_of, load_id)
            else file_no
        end as event_no
    from statements
    union
    select
        statements.series,
        statements.data_month,
        decisions.decision_no as event_no
    from decisions
    inner join statements on statements.file_no = decisions.file_no

),

-- what was there by then, and what had been decided on it
known as (

    select
        statements.*,
        events.event_no,
        {{ is_counted('decisions.verdict', 'standings.has_objection') }} as is_counted,
        -- what was accepted is the newest, whatever it says of itself
        coalesce(decisions.decision_no, statements.file_no) as rank_no,
        case
            when decisions.verdict = 'accept' then max(statements.edition_date) over so_far
            else statements.edition_date
        end as rank_date,
        max(greatest(statements.received_at_utc, coalesce(decisions.decided_at_utc, statements.received_at_utc))) over so_far
            as known_from_utc
    from events
    inner join statements
        on statements.series = events.series
        and statements.data_month is not distinct from events.data_month
        and statements.file_no <= events.event_no
    inner join standings
        on standings.file_no = statements.file_no and standings.data_month is not distinct from statements.data_month
    left join decisions
        on decisions.file_no = statements.file_no
        and decisions.decision_no <= events.event_no
        and coalesce(decisions.next_decision_no > events.event_no, true)
    window so_far as (partition by events.series, events.data_month, events.event_no)

),

ranked as (

    select
        *,
        bool_or(is_counted and coalesce(states_all_of = 'month', false)) over (
            partition by series, data_month, event_no
        ) as is_complete_month,
        row_number() over (
            partition by
                series, data_month, event_no, is_counted,
                coalesce(states_all_of, cast(file_no as {{ type_text() }}))
            order by rank_date desc nulls last, rank_no desc
        ) as recency
    from known

)

select
    source,
    entity,
    series,
    data_month,
    event_no,
    known_from_utc,
    is_complete_month,
    file_no,
    file_id,
    received_at_utc,
    rows_accepted,
    -- a complete month supersedes all else, the newest statement of a part the older ones; extracts are united
    is_counted and recency = 1 and (not is_complete_month or coalesce(states_all_of = 'month', false)) as is_counting
from ranked
