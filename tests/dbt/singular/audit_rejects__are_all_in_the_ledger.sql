-- Every rejected row that the ledger counts can be looked up with its reason.
with ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

rejects as (

    select
        file_no,
        count(*) as rejects
    from {{ ref('audit_rejects') }}
    group by file_no

)

select
    ledger.*,
    rejects.rejects
from ledger
left join rejects on rejects.file_no = ledger.file_no
where ledger.rows_rejected <> coalesce(rejects.rejects, 0)
