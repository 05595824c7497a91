with contents as (

    select * from {{ ref('int_files__contents') }}

),

versions as (

    select * from {{ ref('int_files__versions') }}

),

files as (

    select * from {{ ref('int_files') }}

),

statements as (

    select
        contents.source,
        contents.dataset,
        contents.data_month,
        contents.file_no,
        files.file_id,
        files.received_at_utc,
        contents.is_complete_month,
        contents.rows_accepted
    from contents
    -- only what the present logic says of a file
    inner join versions on versions.model_name = 'int_files__contents' and versions.version_id = contents.version_id
    inner join files on files.file_no = contents.file_no

),

ranked as (

    select
        *,
        bool_or(is_complete_month) over (partition by dataset, data_month) as has_complete_month,
        row_number() over (
            partition by dataset, data_month, is_complete_month
            order by received_at_utc desc, file_no desc
        ) as recency
    from statements

)

select
    source,
    dataset,
    data_month,
    file_no,
    file_id,
    received_at_utc,
    is_complete_month,
    rows_accepted
from ranked
-- a complete release supersedes partial extracts, among complete ones the latest received wins; partial ones are united
where (is_complete_month and recency = 1) or not has_complete_month
