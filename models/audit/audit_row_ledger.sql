{#- Reference data counts as a whole: its rows are where the newest file's ended up. -#}
{%- set references = landed_datasets() | selectattr('key', 'defined') | list -%}

with files as (

    select * from {{ ref('int_files') }}

),

file_versions as (

    select * from {{ ref('int_files__versions') }}

),

contents as (

    select * from {{ ref('int_files__contents') }}

),

rejects as (

    select * from {{ ref('int_files__rejects') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

month_versions as (

    select * from {{ ref('month_versions') }}

),

row_counts as (

    select * from {{ ref('int_months__row_counts') }}

),

rejected as (

    select
        rejects.file_no,
        count(*) as rows_rejected
    from rejects
    inner join file_versions
        on file_versions.model_name = 'int_files__rejects' and file_versions.version_id = rejects.version_id
    group by rejects.file_no

),

-- accepted rows of a month, or of a whole reference file, that a newer release states again
superseded as (

    select
        contents.file_no,
        sum(contents.rows_accepted) as rows_superseded
    from contents
    inner join file_versions
        on file_versions.model_name = 'int_files__contents' and file_versions.version_id = contents.version_id
    left join current_files
        on current_files.file_no = contents.file_no and current_files.data_month is not distinct from contents.data_month
    where current_files.file_no is null
    group by contents.file_no

),

published_by_month as (

    select
        row_counts.source_file_no as file_no,
        sum(row_counts.rows_published) as rows_published,
        sum(row_counts.rows_duplicate) as rows_duplicate
    from row_counts
    inner join month_versions
        on month_versions.model_name = 'int_months__row_counts' and month_versions.version_id = row_counts.version_id
    group by row_counts.source_file_no

),

published_as_reference as (

    {% for landed in references -%}
    select
        source_file_no as file_no,
        count(*) as rows_published
    from {{ ref(landed.published) }}
    where source_file_no is not null
    group by source_file_no
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- a key that the newest file repeats
duplicates_of_reference as (

    {% for landed in references -%}
    select
        file_no,
        count(*) - count(distinct {{ landed.key }}) as rows_duplicate
    from {{ ref(staging_model(landed)) }}
    where reject_reason is null and file_no in (select current_files.file_no from current_files)
    group by file_no
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    files.source,
    files.dataset,
    files.file_no,
    files.file_id,
    files.file_name,
    files.received_at_utc,
    files.rows_seen,
    cast(coalesce(published_by_month.rows_published, published_as_reference.rows_published, 0) as bigint) as rows_published,
    cast(coalesce(published_by_month.rows_duplicate, duplicates_of_reference.rows_duplicate, 0) as bigint) as rows_duplicate,
    cast(coalesce(superseded.rows_superseded, 0) as bigint) as rows_superseded,
    cast(coalesce(rejected.rows_rejected, 0) as bigint) as rows_rejected,
    rejects_versions.version_id as rejects_version_id
from files
left join rejected on rejected.file_no = files.file_no
left join superseded on superseded.file_no = files.file_no
left join published_by_month on published_by_month.file_no = files.file_no
left join published_as_reference on published_as_reference.file_no = files.file_no
left join duplicates_of_reference on duplicates_of_reference.file_no = files.file_no
left join file_versions as rejects_versions
    on rejects_versions.model_name = 'int_files__rejects' and rejects_versions.file_no = files.file_no
