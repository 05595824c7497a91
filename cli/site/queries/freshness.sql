-- Of each source and what it tells of: how many files, the newest of them, and the newest month that counts.
with months as (

    select
        file_no,
        max(data_month) as data_month
    from marts.audit_file_months
    group by file_no

)

select
    ledger.source,
    ledger.entity,
    count(*) as files,
    cast(sum(ledger.rows_seen) as bigint) as records,
    max(ledger.received_at_utc) as last_received_at_utc,
    max(months.data_month) as newest_month
from marts.audit_row_ledger as ledger
left join months on months.file_no = ledger.file_no
group by ledger.source, ledger.entity
order by ledger.source, ledger.entity
