with contents as (

    select * from {{ ref('int_files__contents') }}

),

versions as (

    select * from {{ ref('int_files__versions') }}

),

files as (

    select * from {{ ref('int_files') }}

),

-- only what the present logic says of a file
wholes as (

    select
        contents.*,
        sum(contents.rows_accepted) over (partition by contents.file_no) as file_rows_accepted,
        sum(contents.rows_rejected) over (partition by contents.file_no) as file_rows_rejected,
        min(contents.first_reason) over (partition by contents.file_no) as file_first_reason
    from contents
    inner join versions on versions.model_name = 'int_files__contents' and versions.version_id = contents.version_id
    where contents.part is null

)

select
    files.source,
    files.entity,
    -- sources state the same months of flights; each source's reference data is a series of its own
    case when wholes.data_month is null then files.source || '.' || files.entity else files.entity end as series,
    wholes.data_month,
    files.file_no,
    files.file_id,
    files.load_id,
    files.received_at_utc,
    files.states_all_of,
    files.column_names,
    wholes.rows_accepted,
    -- of reference data a key that the file repeats is one row
    coalesce(wholes.distinct_keys, wholes.rows_accepted) as rows_stated,
    wholes.file_rows_accepted,
    wholes.file_rows_rejected,
    wholes.file_first_reason,
    -- a copy without dates, or one that dates an action ahead, speaks of the day on which it came
    case
        when files.source || '.' || files.entity in ({{ registries() }})
            then least(
                coalesce(wholes.as_of_date, cast(files.received_at_utc as date)), cast(files.received_at_utc as date)
            )
    end as edition_date,
    wholes.version_id
from wholes
inner join files on files.file_no = wholes.file_no
-- records of no month are all rejected; all changes of a table count, and make no releases
where wholes.rows_accepted > 0 and files.states_all_of is distinct from 'changes'
