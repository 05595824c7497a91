{#
    The records of the newest file of a reference dataset, one per key: of a key that the file repeats the last record counts,
    the others are duplicates in the row ledger. Reads the common table expressions `records` and `current_files`
    (int_files__current) of the model.
#}
{% macro newest_records(records, key) -%}
    select *
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by record_no desc) as recency
        from {{ records }}
        where reject_reason is null and file_no in (select current_files.file_no from current_files)
    ) as ranked
    where recency = 1
{%- endmacro %}
