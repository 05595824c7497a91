with carrier_history as (

    select * from {{ ref('stg_bts__carrier_history') }}

),

carriers as (

    select * from {{ ref('stg_bts__carriers') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- years, no days: a holder has the code from the first day of its first year to the last day of its last
holders as (

    select
        carrier_code,
        carrier_name,
        make_date(first_year, 1, 1) as valid_from,
        make_date(last_year + 1, 1, 1) as valid_to,
        file_no,
        record_no
    from carrier_history
    where {{ is_current_record() }}

),

-- `YX (1)`, the code that is the carrier's own where BTS tells the holders of YX apart, has the years of the holder of that name
numbered as (

    select
        carrier_code,
        split_part(carrier_code, ' (', 1) as shared_code,
        case
            when regexp_like(carrier_name, ' [(][0-9][)]$') then left(carrier_name, length(carrier_name) - 4)
            else carrier_name
        end as carrier_name
    from carriers
    where {{ is_current_record() }} and regexp_like(carrier_code, ' [(][0-9][)]$')

)

select * from holders
union all
select
    numbered.carrier_code,
    holders.carrier_name,
    holders.valid_from,
    holders.valid_to,
    holders.file_no,
    holders.record_no
from numbered
inner join holders
    on holders.carrier_code = numbered.shared_code and holders.carrier_name = numbered.carrier_name
