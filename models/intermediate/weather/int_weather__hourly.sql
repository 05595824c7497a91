with records as (

    select * from {{ ref('int_weather__records') }}

)

select *
from records
where not is_duplicate
