with standings as (

    select * from {{ ref('int_files__standings') }}
    where standing <> 'believed'

),

objections as (

    select * from {{ ref('int_files__objections') }}

),

decisions as (

    select * from {{ ref('int_files__decisions') }}
    where next_decision_no is null

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

-- one month tells of a file of many: that with the most that speaks against it
told as (

    select
        file_no,
        data_month,
        {{ string_agg_ordered('reason', '; ', 'reason_rank') }} as reason,
        row_number() over (partition by file_no order by max(reason_rank) desc, data_month) as month_rank
    from (
        select
            file_no,
            data_month,
            {{ words_of_objection() }} as reason,
            row_number() over (
                partition by file_no, data_month
                order by
                    case when lacking in ('value', 'key') then 1 when lacking = 'row' then 2 else 3 end,
                    lacking, older_file_no
            ) as reason_rank
        from objections
    ) as worded
    group by file_no, data_month

),

files as (

    select
        source,
        file_no,
        standing,
        since_at_utc,
        {{ string_agg_ordered("left(cast(data_month as " ~ type_text() ~ "), 7)", ', ', 'data_month') }} as months,
        cast(sum(rows_accepted) as bigint) as rows_of_months
    from standings
    group by source, file_no, standing, since_at_utc

)

select
    files.source,
    ledger.dataset,
    files.file_no,
    ledger.file_name,
    files.standing,
    files.months,
    files.rows_of_months,
    told.reason,
    files.since_at_utc,
    decisions.decided_by,
    decisions.remark,
    case when files.standing = 'held' then 'ontime accept ' || files.file_no || ', or: ontime reject ' || files.file_no end
        as next_command
from files
inner join ledger on ledger.file_no = files.file_no
left join told on told.file_no = files.file_no and told.month_rank = 1
left join decisions on decisions.file_no = files.file_no
