with statements as (

    select * from {{ ref('int_files__statements') }}

),

objections as (

    select * from {{ ref('int_files__objections') }}

),

decisions as (

    select * from {{ ref('int_files__decisions') }}
    where next_decision_no is null

),

objected_months as (

    select distinct
        file_no,
        data_month
    from objections

),

objected as (

    select
        statements.*,
        objected_months.file_no is not null as has_objection
    from statements
    left join objected_months
        on objected_months.file_no = statements.file_no
        and objected_months.data_month is not distinct from statements.data_month

)

select
    objected.source,
    objected.entity,
    objected.data_month,
    objected.file_no,
    objected.rows_accepted,
    objected.has_objection,
    {{ is_counted('decisions.verdict', 'objected.has_objection') }} as is_counted,
    case
        when decisions.verdict = 'accept' then 'accepted'
        when decisions.verdict = 'reject' then 'rejected'
        when objected.has_objection then 'held'
        else 'believed'
    end as standing,
    coalesce(decisions.decided_at_utc, objected.received_at_utc) as since_at_utc
from objected
left join decisions on decisions.file_no = objected.file_no
