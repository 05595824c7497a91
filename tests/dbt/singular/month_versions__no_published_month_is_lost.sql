-- Files never leave the ledger, so a month that readers see can be restated and not vanish.
{%- set published = published_relation('month_versions') if execute %}

with versions as (

    select * from {{ ref('month_versions') }}

),

published as (

    {% if published -%}
    select * from {{ published }}
    {%- else -%}
    select * from versions
    {%- endif %}

)

select distinct published.data_month
from published
left join versions on versions.data_month = published.data_month
where versions.data_month is null
