{# What takes the place of two macros of macros/versions/ while a model is previewed (compiled.py). CHOSEN is what was chosen. #}

{# Instead of the versions that a history model does not have: the current ones of the months that were chosen; of files and editions the newest, or all. #}
{% macro missing_of(versions, sql, order) %}
    {%- set chosen = CHOSEN -%}
    {%- set asked = namespace(sql=sql ~ " and versions.model_name = '" ~ model.name ~ "'") -%}
    {%- if history_of(model).slice == 'month' -%}
        {%- set asked.sql = asked.sql ~ ' and versions.known_to_utc is null and versions.data_month in ('
            ~ as_literals(chosen.months.get(model.name, []), 'date') ~ ')' -%}
    {%- elif not chosen.all_files -%}
        {%- set asked.sql = asked.sql ~ ' and versions.file_no = (select max(newest.file_no) from ' ~ versions
            ~ ' as newest where newest.model_name = versions.model_name and newest.source = versions.source'
            ~ ' and newest.entity = versions.entity)' -%}
    {%- endif -%}
    {#- a model that is new has no versions yet: those of what it reads serve -#}
    {%- for name, known in chosen.stand_ins.items() -%}
        {%- set asked.sql = asked.sql | replace("'" ~ name ~ "'", "'" ~ known ~ "'") -%}
    {%- endfor -%}
    {{ return(run_query(asked.sql ~ ' order by ' ~ order).rows) }}
{% endmacro %}

{# Of a history model that is compiled in, all rows are current. #}
{% macro is_current(version_id, model_name) -%}
    {%- if model_name in CHOSEN.compiled_in -%} true {%- else -%} IS_CURRENT {%- endif -%}
{%- endmacro %}
