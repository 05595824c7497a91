{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- A month of a dataset whose rows are known, stated by another file with other rows: a newer release, a part of one, or the wrong
-- file. If it is right, seeds/expected_row_counts.csv should say so.
with expected as (

    select * from {{ ref('expected_row_counts') }}
    where data_month is not null

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

file_months as (

    select * from {{ ref('audit_file_months') }}
    where data_month in ({{ pending_months() }})

),

states_all as (

    select distinct
        source,
        dataset
    from {{ ref('int_files') }}
    where states_all_of is not null

)

select
    file_months.file_no,
    file_months.file_name,
    file_months.data_month,
    min(expected.rows_expected) as rows_expected,
    file_months.observed as rows_found
from file_months
inner join ledger on ledger.file_no = file_months.file_no
inner join states_all on states_all.source = file_months.source and states_all.dataset = file_months.dataset
inner join expected
    on expected.source = file_months.source
    and expected.dataset = file_months.dataset
    and expected.data_month = file_months.data_month
group by file_months.file_no, file_months.file_name, file_months.data_month, file_months.observed
having not bool_or(expected.file_id = ledger.file_id) and not bool_or(expected.rows_expected = file_months.observed)
