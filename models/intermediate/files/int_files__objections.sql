with statements as (

    select * from {{ ref('int_files__statements') }}

),

lacks as (

    select * from {{ ref('int_files__lacks') }}

),

decisions as (

    select * from {{ ref('int_files__decisions') }}
    where next_decision_no is null

),

read_files as (

    select
        *,
        file_rows_rejected > {{ largest_rejected_share() }} * (file_rows_accepted + file_rows_rejected)
        -- an observation stands for itself: one that is rejected takes nothing from the others
        and entity <> 'weather' as is_unreadable
    from statements

),

-- Others are measured by what was accepted, and by what can be read and lacks nothing of any older file.
measures as (

    select
        read_files.*,
        coalesce(decisions.verdict = 'accept', not read_files.is_unreadable and not exists (
            select 1 from lacks
            where lacks.file_no = read_files.file_no and lacks.data_month is not distinct from read_files.data_month
        )) as is_whole
    from read_files
    left join decisions on decisions.file_no = read_files.file_no

),

-- of the files beside which a newer one comes: the newest of each part, and each extract
older_files as (

    select
        newer.file_no,
        newer.data_month,
        older.file_no as older_file_no,
        older.states_all_of as older_states_all_of,
        newer.entity,
        coalesce(newer.states_all_of = 'month' or newer.states_all_of = older.states_all_of, false) as is_release,
        newer.column_names,
        older.column_names as older_column_names,
        bool_or(coalesce(older.states_all_of = 'month', false)) over (partition by newer.file_no, newer.data_month)
            as is_month_known,
        row_number() over (
            partition by newer.file_no, newer.data_month, coalesce(older.states_all_of, cast(older.file_no as {{ type_text() }}))
            order by older.edition_date desc nulls last, older.file_no desc
        ) as recency
    from measures as newer
    inner join measures as older
        on older.series = newer.series and older.data_month is not distinct from newer.data_month
        and {{ is_older('older', 'newer') }}
    where older.is_whole

)

select
    file_no,
    data_month,
    cast(null as integer) as older_file_no,
    'value' as lacking,
    cast(file_rows_rejected as bigint) as missing,
    cast(file_rows_accepted + file_rows_rejected as bigint) as stated_before,
    file_first_reason as examples
from read_files
where is_unreadable
union all
select lacks.*
from lacks
inner join older_files
    on older_files.file_no = lacks.file_no and older_files.data_month is not distinct from lacks.data_month
    and older_files.older_file_no = lacks.older_file_no
where
    older_files.recency = 1
    -- extracts beside a complete month say nothing
    and (not older_files.is_month_known or older_files.older_states_all_of = 'month')
union all
-- nothing tells which flights both files state, so they are not added up
select
    file_no,
    data_month,
    older_file_no,
    'key' as lacking,
    cast(null as bigint) as missing,
    cast(null as bigint) as stated_before,
    why as examples
from (
    select
        *,
        {{ why_not_matched('column_names', 'older_column_names', 'statements') }} as why
    from older_files
    where entity = 'flights' and recency = 1 and not is_month_known and not is_release
) as extracts
where why is not null
