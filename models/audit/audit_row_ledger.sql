{%- set dimensions = landed_entities() | selectattr('published', 'defined') | map(attribute='published') | unique -%}

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

standings as (

    select * from {{ ref('int_files__standings') }}

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

accepted as (

    select
        contents.*,
        current_files.file_no is not null as is_current,
        not coalesce(standings.is_counted, true) as is_held
    from contents
    inner join file_versions
        on file_versions.model_name = 'int_files__contents' and file_versions.version_id = contents.version_id
    left join current_files
        on current_files.file_no = contents.file_no and current_files.data_month is not distinct from contents.data_month
    -- reads of a table that changes have none: all of them count
    left join standings
        on standings.file_no = contents.file_no and standings.data_month is not distinct from contents.data_month
    where contents.part is null

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

rows_of_dimensions as (

    -- a row that opened several periods, or that two dimensions show, is one row
    {% for dimension in dimensions -%}
    select
        source_file_no,
        source_record_no
    from {{ ref(dimension) }}
    {{ 'union' if not loop.last }}
    {% endfor %}
),

published_as_reference as (

    select
        source_file_no as file_no,
        count(*) as rows_published
    from rows_of_dimensions
    group by source_file_no

),

-- accepted rows of a month, or of a whole reference file, that a newer release states again; of a table that changes those whose
-- key has a newer row, of a registry those that the periods of a dimension do not begin with
superseded as (

    select
        accepted.file_no,
        sum(accepted.rows_accepted) - coalesce(max(published_as_reference.rows_published), 0) as rows_superseded
    from accepted
    left join published_as_reference on published_as_reference.file_no = accepted.file_no
    where not accepted.is_current and not accepted.is_held
    group by accepted.file_no

),

-- of a month, or of a whole reference file, for which a file is held, or was rejected by somebody
held as (

    select
        file_no,
        sum(rows_accepted) as rows_held
    from accepted
    where is_held
    group by file_no

),

-- Reference data counts as a whole. Of its keys a dimension shows one row each; those that none shows from this file are kept
-- apart: another source describes the same, they have no code that flights use, or models alone read them.
references_that_count as (

    select
        accepted.file_no,
        accepted.rows_accepted - accepted.distinct_keys as rows_duplicate,
        accepted.distinct_keys - coalesce(published_as_reference.rows_published, 0) as rows_kept_apart
    from accepted
    left join published_as_reference on published_as_reference.file_no = accepted.file_no
    where accepted.data_month is null and accepted.is_current

),

-- what no model stages, such as tables of raw_files
unstaged as (

    select
        file_no,
        rows_landed
    from files
    where not is_staged

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
    cast(
        coalesce(published_by_month.rows_duplicate, references_that_count.rows_duplicate, 0) + files.rows_unchanged as bigint
    ) as rows_duplicate,
    cast(coalesce(superseded.rows_superseded, 0) as bigint) as rows_superseded,
    cast(coalesce(rejected.rows_rejected, 0) as bigint) as rows_rejected,
    rejects_versions.version_id as rejects_version_id,
    files.entity,
    cast(coalesce(references_that_count.rows_kept_apart, unstaged.rows_landed, 0) as bigint) as rows_kept_apart,
    cast(coalesce(held.rows_held, 0) as bigint) as rows_held
from files
left join rejected on rejected.file_no = files.file_no
left join held on held.file_no = files.file_no
left join superseded on superseded.file_no = files.file_no
left join published_by_month on published_by_month.file_no = files.file_no
left join published_as_reference on published_as_reference.file_no = files.file_no
left join references_that_count on references_that_count.file_no = files.file_no
left join unstaged on unstaged.file_no = files.file_no
left join file_versions as rejects_versions
    on rejects_versions.model_name = 'int_files__rejects' and rejects_versions.file_no = files.file_no
