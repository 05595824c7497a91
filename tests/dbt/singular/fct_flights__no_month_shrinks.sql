{#-
    A new release that has less than half of the rows that readers see is a truncated file sooner than a correction. When it is
    right, name its month: dbt build --vars '{accept_smaller_months: ["2013-03-01"]}'.
-#}
{%- set published = published_month_versions() if execute -%}
{%- set accepted_months = var("accept_smaller_months", []) | join("', '") -%}

with row_counts as (

    select
        version_id,
        sum(rows_published) as rows_published
    from {{ ref('int_months__row_counts') }}
    group by version_id

),

versions as (

    select * from {{ ref('int_months__versions') }}
    where model_name = 'int_months__row_counts' and is_pending

),

published as (

    {% if published -%}
    select * from {{ published }}
    where model_name = 'int_months__row_counts'
    {%- else -%}
    select * from versions
    {%- endif %}

)

select
    versions.data_month,
    published_counts.rows_published as rows_that_readers_see,
    coalesce(new_counts.rows_published, 0) as rows_of_the_new_release
from versions
inner join published on published.data_month = versions.data_month
inner join row_counts as published_counts on published_counts.version_id = published.version_id
left join row_counts as new_counts on new_counts.version_id = versions.version_id
where
    coalesce(new_counts.rows_published, 0) < 0.5 * published_counts.rows_published
    and cast(versions.data_month as {{ type_text() }}) not in ('{{ accepted_months }}')
