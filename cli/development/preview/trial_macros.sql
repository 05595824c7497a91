{# What takes the place of a macro of macros/versions/ while edits are tried out (trial.py): of a history, all versions that it has. #}
{% macro missing_of(versions, sql, order) %}
    {{ return(run_query(sql ~ " and versions.model_name = '" ~ model.name ~ "' order by " ~ order).rows) }}
{% endmacro %}
