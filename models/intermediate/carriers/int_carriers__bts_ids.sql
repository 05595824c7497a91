with airline_ids as (

    select * from {{ ref('stg_bts__airline_ids') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

listed as (

    {{ newest_records('airline_ids', 'airline_id_dot') }}

)

select
    airline_id_dot,
    carrier_code
from listed
