with months as (

    select * from {{ ref('audit_months') }}

),

standings as (

    select * from {{ ref('int_files__standings') }}
    where standing = 'held' and data_month is not null

),

rejects as (

    select * from {{ ref('audit_rejects') }}
    where data_month is not null

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

seen as (

    select
        entity,
        data_month,
        releases,
        days_after_due < 0 as is_in_time,
        false as is_held,
        last_received_at_utc as seen_at_utc
    from months
    union all
    select
        entity,
        data_month,
        0 as releases,
        false as is_in_time,
        true as is_held,
        since_at_utc as seen_at_utc
    from standings
    union all
    select distinct
        ledger.entity,
        rejects.data_month,
        0 as releases,
        false as is_in_time,
        false as is_held,
        ledger.received_at_utc as seen_at_utc
    from rejects
    inner join ledger on ledger.file_no = rejects.file_no

)

select
    entity,
    data_month,
    cast(max(releases) as bigint) as releases,
    bool_or(is_in_time) as is_in_time,
    bool_or(is_held) as is_held,
    max(seen_at_utc) as last_seen_at_utc
from seen
group by entity, data_month
