with contents as (

    select * from {{ ref('int_files__contents') }}

),

versions as (

    select * from {{ ref('int_files__versions') }}

),

files as (

    select * from {{ ref('int_files') }}

)

select
    files.source,
    files.entity,
    -- sources state the same months of flights; each source's reference data is a series of its own
    case when contents.data_month is null then files.source || '.' || files.entity else files.entity end as series,
    contents.data_month,
    files.file_no,
    files.file_id,
    files.load_id,
    files.received_at_utc,
    files.states_all_of,
    contents.rows_accepted
from contents
-- only what the present logic says of a file
inner join versions on versions.model_name = 'int_files__contents' and versions.version_id = contents.version_id
inner join files on files.file_no = contents.file_no
-- all changes of a table count, and make no releases
where files.states_all_of is distinct from 'changes'
