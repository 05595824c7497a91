with holders as (

    select * from {{ ref('int_carriers__holders') }}

),

carriers as (

    select * from {{ ref('dim_carriers') }}

),

stated as (

    select
        carrier_code,
        carrier_name,
        valid_from,
        valid_to,
        true as is_period_stated,
        file_no as source_file_no,
        record_no as source_record_no
    from holders
    union all
    -- of codes whose years nobody states, one holder for all days
    select
        carriers.carrier_code,
        carriers.carrier_name,
        cast('{{ first_day() }}' as date) as valid_from,
        null as valid_to,
        false as is_period_stated,
        carriers.source_file_no,
        carriers.source_record_no
    from carriers
    where carriers.carrier_code not in (select holders.carrier_code from holders)

),

-- In a year that two holders share the code is the later one's; of two that begin in one year, the one that ends first has it.
periods as (

    {{ periods_of(
        'stated',
        key='carrier_code',
        same=['carrier_name', 'is_period_stated'],
        columns=['source_file_no', 'source_record_no'],
        order_by='stated.valid_from desc, stated.valid_to nulls last, stated.source_record_no',
    ) }}

)

select
    {{ period_key('carrier_code') }} as carrier_key,
    carrier_code,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    carrier_name,
    is_period_stated,
    source_file_no,
    source_record_no
from periods
