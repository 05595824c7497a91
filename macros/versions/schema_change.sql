{#
    dbt calls this when the columns of a history model differ from its table (on_schema_change: append_new_columns).

    New columns are added and dropped ones stay for the versions that have them, as dbt does it. A retyped column is renamed to
    <name>__<old type> first and added anew: dbt would cast it into the old type, or drop it with all that depends on it.
    Published views follow the rename, so readers see the old column until the next publication.
#}
{% macro postgres__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {%- set added = schema_changes_dict.source_not_in_target | list -%}
    {%- for change in schema_changes_dict.new_target_types -%}
        {%- do refuse_to_retype_below_views(target_relation, change.column_name) -%}
        {%- for old in schema_changes_dict.target_columns if old.name == change.column_name -%}
            {%- set kept_name = old.name ~ '__' ~ old.data_type | replace(' ', '_') -%}
            {%- do run_query('alter table ' ~ target_relation ~ ' rename column ' ~ old.quoted ~ ' to ' ~ adapter.quote(kept_name)) -%}
        {%- endfor -%}
        {%- for new in schema_changes_dict.source_columns if new.name == change.column_name -%}
            {%- do added.append(new) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if added -%}{%- do alter_relation_add_remove_columns(target_relation, added, none) -%}{%- endif -%}
{% endmacro %}


{# A view of the project that stands would go on reading the old column, which has nothing for new versions. #}
{% macro refuse_to_retype_below_views(relation, column_name) %}
    {%- set sql -%}
        select distinct format('%s.%s', reader.relnamespace::regnamespace, reader.relname)
        from pg_attribute as old_column
        inner join pg_depend on pg_depend.refobjid = old_column.attrelid and pg_depend.refobjsubid = old_column.attnum
        inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_depend.classid = 'pg_rewrite'::regclass
        inner join pg_class as reader on reader.oid = pg_rewrite.ev_class
        where old_column.attrelid = '{{ relation }}'::regclass and old_column.attname = '{{ column_name }}'
    {%- endset -%}
    {%- set readers = run_query(sql).columns[0].values() -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.schema ~ '.' ~ node.alias in readers and node.unique_id not in selected_resources -%}
        {{ exceptions.raise_compiler_error(
            column_name ~ " of " ~ relation.identifier ~ " gets another type, and " ~ node.name ~ " reads it: build that too, with "
            ~ "ontime build --all"
        ) }}
    {%- endfor -%}
{% endmacro %}
