with flights as (

    select * from {{ ref('int_restatements__flights') }}

),

delay_causes as (

    select * from {{ ref('int_restatements__delay_causes') }}

),

versions as (

    select * from {{ ref('month_versions') }}

),

measures as (

    select
        'flights' as entity,
        'int_restatements__flights' as model_name,
        flights.*
    from flights
    union all
    select
        'delay_causes' as entity,
        'int_restatements__delay_causes' as model_name,
        delay_causes.*
    from delay_causes

)

select
    measures.entity,
    versions.data_month,
    versions.release_no,
    versions.known_from_utc,
    measures.measure,
    measures.value_before,
    measures.value_after,
    measures.difference
from measures
inner join versions on versions.model_name = measures.model_name and versions.version_id = measures.version_id
where measures.difference <> 0
