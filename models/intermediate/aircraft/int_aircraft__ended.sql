with records as (

    select * from {{ ref('int_aircraft__ended_records') }}

),

file_versions as (

    select * from {{ ref('int_files__versions') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

)

select records.*
from records
inner join file_versions
    on file_versions.model_name = 'int_aircraft__ended_records' and file_versions.version_id = records.version_id
-- the newest list has all that the older ones had
inner join current_files on current_files.file_no = records.file_no
