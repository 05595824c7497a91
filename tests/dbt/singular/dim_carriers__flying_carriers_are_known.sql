{{ config(severity='warn', meta={'owner': 'Analytics', 'until': '2027-06-30'}) }}
-- Carriers that flights name and no file describes.
with carriers as (

    select * from {{ ref('dim_carriers') }}

)

select *
from carriers
where is_inferred
