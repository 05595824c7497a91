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

listed as (

    {{ newest_records('airlines', 'carrier_code') }}

)

select
    coalesce(listed.carrier_code, flying.carrier_code) as carrier_code,
    listed.carrier_name,
    listed.carrier_code is null as is_inferred,
    listed.file_no as source_file_no,
    listed.record_no as source_record_no
from listed
full outer join flying on flying.carrier_code = listed.carrier_code
