{#
    dbt calls this when the columns of a history model differ from its table (on_schema_change: append_new_columns).

    New columns are added and dropped ones stay for the versions that have them, as dbt does it. A retyped column is renamed to
    <name>__<old type> first and added anew: dbt would cast it into the old type, or drop it with all that depends on it. When
    the old type comes back, so does its column, with the rows of the versions that were built with it.
    Published views follow the rename, so readers see the old column until the next publication.
#}
{% macro postgres__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {%- set added = schema_changes_dict.source_not_in_target | list -%}
    {%- for change in schema_changes_dict.new_target_types -%}
        {%- for old in schema_changes_dict.target_columns if old.name == change.column_name -%}
            {%- set kept_name = old.name ~ '__' ~ old.data_type | replace(' ', '_') -%}
            {%- do run_query('alter table ' ~ target_relation ~ ' rename column ' ~ old.quoted ~ ' to ' ~ adapter.quote(kept_name)) -%}
        {%- endfor -%}
        {%- for new in schema_changes_dict.source_columns if new.name == change.column_name -%}
            {%- set kept_name = new.name ~ '__' ~ new.data_type | replace(' ', '_') -%}
            {%- if kept_name in schema_changes_dict.target_columns | map(attribute='name') -%}
                {%- do run_query('alter table ' ~ target_relation ~ ' rename column ' ~ adapter.quote(kept_name) ~ ' to ' ~ new.quoted) -%}
            {%- else -%}
                {%- do added.append(new) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if added -%}{%- do alter_relation_add_remove_columns(target_relation, added, none) -%}{%- endif -%}
{% endmacro %}
