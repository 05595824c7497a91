with airport_master as (

    select * from {{ ref('stg_bts__airport_master') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

)

select
    airport_id_bts,
    airport_code_iata
from (
    select
        airport_id_bts,
        airport_code_iata,
        -- the code that the airport has today, also for flights of the time when it had another; one number of the release of
        -- 2021 has no latest version and keeps its last
        row_number() over (partition by airport_id_bts order by is_latest desc, valid_from desc, record_no desc) as recency
    from airport_master
    where {{ is_current_record() }}
) as ranked
where recency = 1
