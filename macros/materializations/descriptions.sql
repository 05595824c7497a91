{#
    The descriptions of a relation and of its columns, in one statement. dbt asks for the columns first, and leaves out those that
    are not there: `make docs` and a contract keep a description of what is not there from staying.
#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) %}
    {%- set comments = [] -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do comments.append(postgres__alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() -%}
        {%- for column in model.columns.values() if column.description -%}
            {%- set name = adapter.quote(column.name) if column.quote else column.name -%}
            {%- set text = postgres_escape_comment(column.description) -%}
            {%- do comments.append('comment on column ' ~ relation ~ '.' ~ name ~ ' is ' ~ text ~ ';') -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if comments %}{% do run_query(comments | join('\n')) %}{% endif -%}
{% endmacro %}
