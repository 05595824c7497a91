with airlines as (

    select * from {{ ref('stg_nycflights13__airlines') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

ranked as (

    select
        airlines.*,
        row_number() over (partition by airlines.carrier_code order by airlines.record_no desc) as recency
    from airlines
    inner join current_files on current_files.file_no = airlines.file_no
    where airlines.reject_reason is null

)

select
    carrier_code,
    carrier_name,
    file_no as source_file_no,
    record_no as source_record_no
from ranked
-- a code that a file repeats: the last record counts, the others are duplicates in the row ledger
where recency = 1
