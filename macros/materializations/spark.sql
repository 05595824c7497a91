{# History and rules on Spark over Parquet, which knows neither transactions nor constraints. #}

{#
    What history.sql does in one transaction, in an order that can be repeated: the rows come first, a partition for each version
    that a repetition replaces, and the marks after them. A build that is killed between leaves rows that nobody points to.

    The table is made of its columns alone: until Hive knows it there is no file in its folder, which would keep Spark from making
    it again, and who makes it a second time finds it there. Its columns cost the analysis of the query, not its planning.
#}
{% materialization history, adapter='spark' %}
    {%- set history = this.incorporate(type='table') -%}
    {%- set versions = relation_at(model.schema, 'int_' ~ history_of(model).slice ~ 's__versions') -%}
    {{ run_hooks(pre_hooks) }}
    {%- set missing = [] if flags.EMPTY else missing_versions(versions) -%}
    {%- set columns = spark_columns_of_query(sql) -%}
    {%- if not load_cached_relation(this) -%}
        {#- marks of a table that was lost go before there is one again: a build that is killed now would believe them -#}
        {%- do run_query('alter table ' ~ version_markers() ~ " drop if exists partition (model_name = '" ~ model.name ~ "')") -%}
        {%- set declared = [] -%}
        {%- for name in columns %}{% do declared.append(adapter.quote(name) ~ ' ' ~ columns[name]) %}{% endfor -%}
        {%- set named = history ~ ' (' ~ declared | join(', ') ~ ')' -%}
        {%- do run_query('create table if not exists ' ~ named ~ ' using parquet partitioned by (version_id)') -%}
    {%- else -%}
        {%- set there = adapter.get_columns_in_relation(history) | map(attribute='name') | list -%}
        {%- for name in columns if name not in there -%}
            {%- do run_query('alter table ' ~ history ~ ' add columns (' ~ adapter.quote(name) ~ ' ' ~ columns[name] ~ ')') -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if missing -%}
        {%- call statement('main') -%}
            insert overwrite table {{ history }} by name
            {{ sql }}
        {%- endcall -%}
        {%- do refuse_broken_rules(history, 'version_id in (' ~ as_literals(missing, 'bigint') ~ ')') -%}
        {%- set marks = [] -%}
        {%- for version_id in missing %}{% do marks.append('(cast(' ~ version_id ~ ' as bigint), current_timestamp())') %}{% endfor -%}
        {%- set place = version_markers() ~ " partition (model_name = '" ~ model.name ~ "')" -%}
        {%- do run_query('insert into ' ~ place ~ ' values ' ~ marks | join(', ')) -%}
    {%- else -%}
        {%- call noop_statement('main', 'no version is missing') %}{% endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [history]}) }}
{% endmaterialization %}

{# The versions that the current model is about to insert. #}
{% macro missing_versions(versions) %}
    {%- set sql -%}
        select distinct versions.version_id from {{ versions }} as versions
        where versions.model_name = '{{ model.name }}' and {{ is_not_built('versions') }}
    {%- endset -%}
    {{ return(run_query(sql).columns[0].values()) }}
{% endmacro %}


{#
    The rules of the model's YAML: what Postgres refuses to insert, is counted here after it was written, and fails the model. Of
    history before the versions are marked, so that they are written anew. dbt asks the second macro for tables.
#}
{% macro refuse_broken_rules(relation, condition='true') %}
    {%- set rules = rules_of(model) -%}
    {%- set counts = [] -%}
    {%- for rule in rules.values() -%}
        {%- if rule.condition -%}
            {%- do counts.append('count_if(not (' ~ rule.condition ~ '))') -%}
        {%- else -%}
            {%- do counts.append('count(*) - count(distinct ' ~ rule.definition | replace('primary key (', '')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set broken = [] -%}
    {%- if counts -%}
        {%- set found = run_query('select ' ~ counts | join(', ') ~ ' from ' ~ relation ~ ' where ' ~ condition).rows[0] -%}
        {%- for name, rows in zip(rules, found.values()) if rows %}{% do broken.append(rows ~ ' rows: ' ~ name) %}{% endfor -%}
    {%- endif -%}
    {%- if broken -%}
        {{ exceptions.raise_compiler_error('rows of ' ~ model.name ~ ' break its rules. ' ~ broken | join('; ')) }}
    {%- endif -%}
{% endmacro %}

{% macro spark__persist_constraints(relation, model) %}{% do refuse_broken_rules(relation) %}{% endmacro %}

{# Parquet keeps no comments of columns that come later: dbt would ask which columns there are, and write none. #}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) %}{% endmacro %}
