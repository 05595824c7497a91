{# What is missing, asked of the database: the versions that a history model has to build, and what they are built from. #}

{# Which versions each history model holds; written in the transaction that inserts the rows. #}
{% macro version_markers() %}
    {{ return(relation_at(generate_schema_name('ops', none) | trim, 'built_versions')) }}
{% endmacro %}

{% macro create_version_markers() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test') %}
        {% do run_query('create schema if not exists ' ~ version_markers().schema) %}
        {% do run_query(version_markers_table(version_markers())) %}
    {% endif %}
{% endmacro %}

{% macro version_markers_table(markers) %}{{ return(adapter.dispatch('version_markers_table')(markers)) }}{% endmacro %}

{% macro default__version_markers_table(markers) -%}
    create table if not exists {{ markers }} (
        model_name text not null,
        version_id bigint not null,
        built_at timestamp with time zone not null default now(),
        primary key (model_name, version_id)
    )
{%- endmacro %}

{% macro spark__version_markers_table(markers) -%}
    create table if not exists {{ markers }} (version_id bigint, built_at timestamp, model_name string) using parquet partitioned by (model_name)
{%- endmacro %}


{# The history model that a model is, or reads: of the flights that count, the records. #}
{% macro history_above(name) %}
    {# a unit test has no graph, and says itself what is to be built #}
    {% set node = graph.get('nodes', {}).get('model.' ~ project_name ~ '.' ~ name) %}
    {{ return(name if not node or history_of(node) else (lineage(node.unique_id).inputs | first).name) }}
{% endmacro %}


{#
    What the current model has to build, as literals:
        builds.rows       a relation (version_id, reads), or (version_id, reads, reads_before) of releases or editions to compare
        builds.reads      the list of all that is read
    `reads` is a file_no, or a version_id of the input.
#}
{% macro files_to_build(landed) %}
    {% set versions = ref('int_files__versions') %}
    {% set sql %}
        select versions.version_id, versions.file_no as reads
        from {{ versions }} as versions
        where versions.source = '{{ landed.source }}' and versions.entity = '{{ landed.entity }}'
    {% endset %}
    {{ return(versions_to_build(versions, sql)) }}
{% endmacro %}

{#
    The same of several entities, and of files that meet a condition, asked once: a list of (landed, builds). An entity of which
    nothing is missing is left out, for its views would be planned for nothing; one remains in any case, for its columns. Where
    nobody can be asked, all are there.
#}
{% macro files_to_build_by_entity(entities, condition='true') %}
    {% set versions = ref('int_files__versions') %}
    {% set everything = [] %}
    {% for landed in entities %}{% do everything.append((landed, as_builds([]))) %}{% endfor %}
    {% if not is_known_what_to_build(versions) %}{{ return(everything) }}{% endif %}
    {% set sql %}
        select versions.source, versions.entity, versions.version_id, versions.file_no as reads
        from {{ versions }} as versions
        where {{ condition }}
    {% endset %}
    {% set missing = {} %}
    {% for row in missing_of(versions, sql, '1, 2, 3, 4') %}
        {% do missing.setdefault(row[0] ~ '.' ~ row[1], []).append(row.values()[2:]) %}
    {% endfor %}
    {% set known = [] %}
    {% for landed in entities %}
        {% set rows = missing.get(landed.source ~ '.' ~ landed.entity) %}
        {% if rows %}{% do known.append((landed, as_builds(rows))) %}{% endif %}
    {% endfor %}
    {{ return(known or everything[:1]) }}
{% endmacro %}

{% macro months_to_build_from_files() %}
    {% set versions, files = ref('int_months__versions'), ref('int_files__releases') %}
    {% set sql %}
        select versions.version_id, inputs.file_no as reads
        from {{ versions }} as versions
        inner join {{ files }} as inputs on inputs.data_month = versions.data_month and {{ is_release_of('inputs') }}
        where inputs.entity = '{{ history_of(model).entity }}'
    {% endset %}
    {{ return(versions_to_build(versions, sql)) }}
{% endmacro %}

{% macro months_to_build_from(input) %}
    {% set versions = ref('int_months__versions') %}
    {% set sql %}
        select versions.version_id, inputs.version_id as reads
        from {{ versions }} as versions
        inner join {{ versions }} as inputs
            on inputs.data_month in ({% for months in months_read(model, input) %}{{ months_after('versions.data_month', months) }}{{ ', ' if not loop.last }}{% endfor %})
            and {{ is_release_of('inputs') }}
        where inputs.model_name = '{{ input }}'
    {% endset %}
    {{ return(versions_to_build(versions, sql)) }}
{% endmacro %}

{% macro releases_to_compare(input) %}
    {% set versions = ref('int_months__versions') %}
    {% set sql %}
        select versions.version_id, inputs.version_id as reads, before.version_id as reads_before
        from {{ versions }} as versions
        inner join {{ versions }} as inputs on inputs.data_month = versions.data_month and inputs.release_no = versions.release_no
        inner join {{ versions }} as before on before.data_month = versions.data_month and before.release_no = versions.release_no - 1
        where inputs.model_name = '{{ input }}' and before.model_name = '{{ input }}'
    {% endset %}
    {{ return(versions_to_build(versions, sql)) }}
{% endmacro %}

{# Editions beside the ones before them, as files; the first has file 0 before it, which there is not. #}
{% macro editions_to_compare(landed) %}
    {% set versions = ref('int_editions__versions') %}
    {% set sql %}
        select versions.version_id, versions.file_no as reads, coalesce(versions.file_no_before, 0) as reads_before
        from {{ versions }} as versions
        where versions.source = '{{ landed.source }}' and versions.entity = '{{ landed.entity }}'
    {% endset %}
    {{ return(versions_to_build(versions, sql)) }}
{% endmacro %}

{# The release of the input that a version is built from: the same one, or of models without releases the current one. #}
{% macro is_release_of(inputs) -%}
    {{ inputs ~ '.release_no = versions.release_no' if has_all_releases(model) else inputs ~ '.known_to_utc is null' }}
{%- endmacro %}

{# Runs the question of one of the macros above for the versions that the current model does not have. #}
{% macro versions_to_build(versions, sql) %}
    {% set rows = [] %}
    {% if is_known_what_to_build(versions) %}
        {% for row in missing_of(versions, sql, '1, 2') %}{% do rows.append(row.values()) %}{% endfor %}
    {% endif %}
    {{ return(as_builds(rows)) }}
{% endmacro %}

{% macro missing_of(versions, sql, order) %}
    {% set missing %}
        {{ sql }} and versions.model_name = '{{ model.name }}' and {{ is_not_built('versions') }}
        order by {{ order }}
    {% endset %}
    {{ return(run_query(missing).rows) }}
{% endmacro %}

{% macro is_known_what_to_build(versions) %}{{ return(execute and not flags.EMPTY and is_built(versions)) }}{% endmacro %}

{% macro is_built(relation) %}{{ return(adapter.dispatch('is_built')(relation)) }}{% endmacro %}

{% macro default__is_built(relation) %}{{ return(relation_exists(relation)) }}{% endmacro %}

{# dbt knows: it asks a metastore once for all relations of a schema, and keeps what it makes itself. #}
{% macro spark__is_built(relation) %}{{ return(flags.INTROSPECT and load_cached_relation(relation) is not none) }}{% endmacro %}

{# What a lost table held is to be built again, whatever the markers say. #}
{% macro is_not_built(versions) -%}
    {% if load_cached_relation(this) -%}
        not exists (
            select 1 from {{ version_markers() }} as built
            where built.model_name = '{{ model.name }}' and built.version_id = {{ versions }}.version_id
        )
    {%- else -%}
        true
    {%- endif %}
{%- endmacro %}

{% macro as_builds(rows) %}
    {% set reads, values = [], [] %}
    {% for row in rows %}
        {% set literals = [] %}
        {% for value in row %}{% do literals.append('cast(' ~ value ~ ' as bigint)') %}{% endfor %}
        {% do values.append('(' ~ literals | join(', ') ~ ')') %}
        {% do reads.extend(row[1:]) %}
    {% endfor %}
    {% set columns = 3 if history_of(model).reads else 2 %}
    {{ return({
        'reads': as_literals(reads | unique, 'bigint'),
        'rows': '(values ' ~ values | join(', ') ~ ')' if values
            else '(select ' ~ (['cast(null as bigint)'] * columns) | join(', ') ~ ' where false)',
    }) }}
{% endmacro %}

{#
    A list for `in (...)`; of nothing, one that matches nothing. The null at its end matches nothing either: Postgres makes an
    equality of a list of one, carries the constant into the join, expects one row there and reads the file once per month.
#}
{% macro as_literals(values, type) -%}
    {%- set literals = [] -%}
    {%- for value in values %}{% do literals.append("cast('" ~ value ~ "' as " ~ type ~ ")") %}{% endfor -%}
    {%- do literals.append('cast(null as ' ~ type ~ ')') -%}
    {{ return(literals | join(', ')) }}
{%- endmacro %}
