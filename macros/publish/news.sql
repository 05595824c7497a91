{#
    What has come since the last publication, for `ontime build --plan`: rows of files that no published account knows, by month where
    their entity is released by month. Counted from staging, hence what a build would find.
#}
{% macro rows_of_new_files() %}
    {%- if not execute %}{{ return('select 1 as source') }}{% endif -%}
    {%- set counts = [] -%}
    {%- for source in landed_sources() -%}
        {%- set new_files -%}
            select files.file_no from raw_{{ source }}.files as files
            where not exists (select 1 from {{ published_schema() }}.audit_row_ledger as known where known.file_no = files.file_no)
        {%- endset -%}
        {%- set numbers = run_query(new_files).columns[0].values() -%}
        {%- for landed in landed_entities() if landed.source == source and numbers -%}
            {%- set of_entity = "dataset in ('" ~ landed.get('datasets', [landed.entity]) | join("', '") ~ "')" -%}
            {%- if landed.month -%}
                {%- set staged = relation_at(generate_schema_name('staging', none) | trim, staging_model(landed)) -%}
                {%- do counts.append(
                    "select '" ~ source ~ "' as source, '" ~ landed.entity ~ "' as entity, " ~ landed.month ~ " as data_month, count(distinct file_no) as files, count(*) as rows"
                    ~ " from " ~ staged ~ " where file_no in (" ~ numbers | join(', ') ~ ") and reject_reason is null group by " ~ landed.month
                ) -%}
            {%- else -%}
                {%- do counts.append(
                    "select '" ~ source ~ "', '" ~ landed.entity ~ "', cast(null as date), count(*), sum(rows_landed)"
                    ~ " from raw_" ~ source ~ ".files where file_no in (" ~ numbers | join(', ') ~ ") and " ~ of_entity ~ " having count(*) > 0"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do counts.append("select '', '', cast(null as date), 0, 0 where false") -%}
    select * from ({{ counts | join(' union all ') }}) as news (source, entity, data_month, files, rows) order by 1, 2, 3
{% endmacro %}
