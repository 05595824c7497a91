{# What a history model reads of its inputs: the rows of the versions that it has to build. #}

{#
    What an analyst writes in a history model: the rows of an input's months that the model has to build, all columns of the input
    and `month_version_id`, the version to write. An input that is read in other months as well (also_reads) gives their rows too.
#}
{% macro missing_months_of(name) -%}
    {{ rows_to_build(ref(name), months_to_build_from(history_above(name))) }}
{%- endmacro %}

{#
    The same of staged files: the records of the files that make up a month; a file can hold more months than those to build.
    `month` is the input's column with the first day of a record's month.
#}
{% macro missing_months_in_files_of(name, month) -%}
    {{ rows_to_build(ref(name), months_to_build_from_files(), 'file_no') }} and {{ version_month('versions.version_id') }} = input.{{ month }}
{%- endmacro %}

{# The same of both releases that a model compares (reads: release before): `is_before` tells the older one. #}
{% macro releases_to_compare_of(name) -%}
    {{ rows_to_compare(ref(name), releases_to_compare(history_above(name)), 'version_id') }}
{%- endmacro %}

{# The records of the files that a model of files has to build, of a staging model or of a source's rejects, with `file_version_id`. #}
{% macro records_of_files(relation, builds) -%}
    {{ rows_to_build(relation, builds, 'file_no', 'file_version_id') }}
{%- endmacro %}

{# The staged records of both editions that a model compares (reads: edition before), with `edition_version_id` and `is_before`. #}
{% macro editions_to_compare_of(name, landed) -%}
    {{ rows_to_compare(ref(name), editions_to_compare(landed), 'file_no', 'edition_version_id') }}
{%- endmacro %}

{#
    Literals, and a join on them: a planner that sees the keys reads one month, with a subquery it reads the history. Each row that the
    list finds has its version, so the join is a left one only for the planner: of an inner one it would multiply what list and join
    keep, and expect a hundredth of a month's rows where there are a hundred months.
#}
{% macro rows_to_build(relation, builds, key='version_id', version_id='month_version_id') -%}
    select
        versions.version_id as {{ version_id }},
        input.*
    from {{ relation }} as input
    left join {{ builds.rows }} as versions (version_id, reads) on versions.reads = input.{{ key }}
    where input.{{ key }} in ({{ builds.reads }})
{%- endmacro %}

{% macro rows_to_compare(relation, builds, key, version_id='month_version_id') -%}
    select
        versions.version_id as {{ version_id }},
        versions.reads_before = input.{{ key }} as is_before,
        input.*
    from {{ relation }} as input
    inner join {{ builds.rows }} as versions (version_id, reads, reads_before)
        on input.{{ key }} in (versions.reads, versions.reads_before)
    where input.{{ key }} in ({{ builds.reads }})
{%- endmacro %}
