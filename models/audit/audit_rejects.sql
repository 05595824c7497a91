with rejects as (

    select * from {{ ref('int_files__rejects') }}

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

)

select
    rejects.source,
    rejects.file_no,
    ledger.file_id,
    rejects.record_no,
    rejects.reason,
    rejects.raw_text,
    rejects.data_month
from rejects
inner join ledger on ledger.rejects_version_id = rejects.version_id
