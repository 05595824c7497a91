{# Pending months: those of which a version differs from what is published. #}

{# A published mart, or none where this target publishes nothing or nothing is published yet. #}
{% macro published_relation(mart) %}
    {% if not published_schema() %}{{ return(none) }}{% endif %}
    {% set published = relation_at(published_schema(), mart) %}
    {{ return(published if relation_exists(published) else none) }}
{% endmacro %}


{# What is not counted by rows or files: the model's logic, and tables whose content it reads. #}
{% macro constant_inputs(history) %}
    {% set texts = [fingerprint(history.lineage.logic)] %}
    {% for node in history.lineage.contents %}
        {% if node.unique_id not in model.depends_on.nodes %}
            {{ exceptions.raise_compiler_error(model.name ~ " hashes the content of " ~ node.name ~ ": name it in its depends_on, so that it is built first.") }}
        {% endif %}
        {% do texts.append(content_hash(node)) %}
    {% endfor %}
    {{ return(texts | join('|')) }}
{% endmacro %}


{#
    Months, versions, or the files that the months are made of, to test, as literals for `in (...)`. A test whose logic stands, or
    that of what it tests, looks at the pending months; all others look at all. Where nothing is published all months are pending, but
    for an own space of some months, where those are.
#}
{% macro pending_months() %}{{ return(pending('versions.data_month', 'date')) }}{% endmacro %}

{% macro pending_versions() %}{{ return(pending('versions.version_id', 'bigint')) }}{% endmacro %}

{% macro pending_files() %}{{ return(pending('files.file_no', 'integer')) }}{% endmacro %}

{% macro pending(column, type) %}
    {% set schema = generate_schema_name('intermediate', none) | trim %}
    {% set versions = relation_at(schema, 'int_months__versions') %}
    {% set files = relation_at(schema, 'int_files__current') %}
    {% if not execute or not flags.INTROSPECT or not load_cached_relation(versions) %}{{ return(as_literals([], type)) }}{% endif %}
    {% set sql %}
        select distinct {{ column }}
        from {{ versions }} as versions
        {%- if column.startswith('files.') %}
        inner join {{ files }} as files on files.data_month = versions.data_month
        {%- endif %}
        where versions.is_pending {%- if published_schema() %} or {{ planned_kind_of(model.unique_id) }} <> 'data' {%- endif %}
        order by 1
    {% endset %}
    {{ return(as_literals(run_query(sql).columns[0].values(), type)) }}
{% endmacro %}


{#
    dbt calls this for the relation of every generic test. Of models by month it gives the pending ones, so that a test's cost
    follows the change: history models by their versions, marts by the column that their YAML names
    (meta: {tested_by_month: flight_month}). A `where` in the test's own config comes on top.
#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where') %}{% do conditions.append(config.get('where')) %}{% endif -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.alias == relation.identifier and node.schema == relation.schema -%}
            {%- set month_column = node.config.get('meta', {}).get('tested_by_month') -%}
            {%- if month_column -%}
                {%- do conditions.append(month_column ~ ' in (' ~ pending_months() ~ ')') -%}
            {%- elif history_of(node) and history_of(node).slice == 'month' -%}
                {%- do conditions.append('version_id in (' ~ pending_versions() ~ ')') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if conditions -%}
        {%- do return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') dbt_subquery') -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
