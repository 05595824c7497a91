-- A file of known content has the rows that it is known to have: as it landed, and in the months that are made of it. A month may
-- also be made of other files alone, which say it newer or completely.
with expected as (

    select * from {{ ref('expected_row_counts') }}

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

file_months as (

    select * from {{ ref('audit_file_months') }}

),

files_of_months as (

    select
        data_month,
        entity,
        count(*) as files
    from {{ ref('int_files__current') }}
    group by data_month, entity

),

compared as (

    select
        expected.*,
        ledger.file_no,
        case when expected.data_month is null then ledger.rows_seen else file_months.observed end as rows_found,
        file_months.file_no is null and files_of_months.files > 0 as is_superseded
    from expected
    inner join ledger on ledger.file_id = expected.file_id
    left join file_months
        on file_months.file_no = ledger.file_no and file_months.data_month = expected.data_month
    left join files_of_months
        on files_of_months.data_month = expected.data_month and files_of_months.entity = ledger.entity

)

select
    file_no,
    file_name,
    data_month,
    rows_expected,
    rows_found,
    taken_from
from compared
where coalesce(rows_found, 0) <> rows_expected and not coalesce(is_superseded, false)
