-- A file of known content has the rows that it is known to have: as it landed, and in the months that are made of it. Not in a
-- month that other files alone are made of, because they state it completely, or newer.
with expected as (

    select * from {{ ref('expected_row_counts') }}
    where data_month is null or data_month in ({{ pending_months() }})

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

file_months as (

    select * from {{ ref('audit_file_months') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}
    where data_month is not null

),

superseded as (

    select
        ledger.file_no,
        current_files.data_month
    from ledger
    inner join current_files on current_files.entity = ledger.entity
    group by ledger.file_no, current_files.data_month
    having not bool_or(current_files.file_no = ledger.file_no)

),

compared as (

    select
        expected.*,
        ledger.file_no,
        case when expected.data_month is null then ledger.rows_seen else file_months.observed end as rows_found
    from expected
    inner join ledger on ledger.file_id = expected.file_id
    left join file_months
        on file_months.file_no = ledger.file_no and file_months.data_month = expected.data_month

)

select
    compared.file_no,
    compared.file_name,
    compared.data_month,
    compared.rows_expected,
    compared.rows_found,
    compared.taken_from
from compared
left join superseded
    on superseded.file_no = compared.file_no and superseded.data_month = compared.data_month
where coalesce(compared.rows_found, 0) <> compared.rows_expected and superseded.file_no is null
