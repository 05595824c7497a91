{#- Names that are shown of what a file lacks; of more, the number. -#}
{%- set shown = 5 -%}

with statements as (

    select * from {{ ref('int_files__statements') }}

),

contents as (

    select * from {{ ref('int_files__contents') }}

),

-- what a file states completely, beside what is older and would make room for it: all of a month, or the same part of it
pairs as (

    select
        newer.series,
        newer.data_month,
        newer.file_no,
        newer.version_id,
        newer.rows_stated,
        older.file_no as older_file_no,
        older.version_id as older_version_id,
        older.rows_stated as older_rows_stated
    from statements as newer
    inner join statements as older
        on older.series = newer.series and older.data_month is not distinct from newer.data_month
        and {{ is_older('older', 'newer') }}
    where newer.states_all_of = 'month' or newer.states_all_of = older.states_all_of

),

parts as (

    select
        pairs.file_no,
        pairs.data_month,
        pairs.older_file_no,
        has.part,
        has.part_value,
        still.part_value is null as is_missing,
        row_number() over (
            partition by pairs.file_no, pairs.data_month, pairs.older_file_no, has.part, still.part_value is null
            order by has.rows_accepted desc, has.part_value asc
        ) as size_rank
    from pairs
    inner join contents as has
        on has.version_id = pairs.older_version_id and has.data_month is not distinct from pairs.data_month
        and has.part is not null
    left join contents as still
        on still.version_id = pairs.version_id and still.data_month is not distinct from pairs.data_month
        and still.part = has.part and still.part_value = has.part_value

)

select
    file_no,
    data_month,
    older_file_no,
    part as lacking,
    count(*) filter (where is_missing) as missing,
    count(*) as stated_before,
    {{ string_agg_ordered("case when is_missing and size_rank <= " ~ shown ~ " then part_value end", ', ', 'size_rank') }}
        as examples
from parts
group by file_no, data_month, older_file_no, part
having bool_or(is_missing)
union all
select
    file_no,
    data_month,
    older_file_no,
    'row' as lacking,
    older_rows_stated - rows_stated as missing,
    older_rows_stated as stated_before,
    cast(null as {{ type_text() }}) as examples
from pairs
where rows_stated < {{ least_share_of_rows() }} * older_rows_stated
