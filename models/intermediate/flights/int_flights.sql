with records as (

    select * from {{ ref('int_flights__records') }}

)

select *
from records
where not is_duplicate
