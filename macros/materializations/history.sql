{#
    The materialization of models that hold history: rows are inserted for the versions that are missing, and nothing is ever
    changed or dropped, whatever --full-refresh says. In one transaction, so that a killed build leaves no half version:

    1. the missing versions are marked (a second builder would stop here on the primary key);
    2. the table follows the model: made, or given its new columns and rules;
    3. the rows are inserted, under the rules that stand beside the columns in YAML (constraints: not_null, check, primary_key).

    Where only data came and no version is missing, it does nothing at all.
#}
{% materialization history, default %}
    {%- if flags.SAMPLE -%}
        {{ exceptions.raise_compiler_error("a sample of " ~ model.name ~ " would stay as a version of its months: build without --sample") }}
    {%- endif -%}
    {%- set history = this.incorporate(type='table') -%}
    {%- set there = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {#- a dry run with --empty inserts nothing, so it has built nothing -#}
    {%- set missing = 0 if flags.EMPTY else mark_missing_versions() -%}
    {#- also where no version is missing: logic that comes back brings the types of its columns -#}
    {%- set is_new_logic = not there or planned_kind(model.unique_id) != 'data' -%}
    {%- if not there -%}
        {#- not made empty and filled: Postgres reads in parallel for a table that it makes, and not for one that it fills -#}
        {%- call statement('main') -%}
            create table {{ history }} as
            {{ sql }}
        {%- endcall -%}
        {%- do create_indexes(history) -%}
        {%- do bring_rules_up_to_date(history, is_new=true) -%}
    {%- else -%}
        {%- if is_new_logic and not flags.EMPTY -%}
            {%- set shape = make_temp_relation(history) -%}
            {%- do run_query('create temporary table ' ~ shape ~ ' on commit drop as select * from (' ~ sql ~ '\n) as model limit 0') -%}
            {%- set columns = process_schema_changes('append_new_columns', shape, history) -%}
            {%- do bring_rules_up_to_date(history, is_new=false) -%}
        {%- elif missing -%}
            {%- set columns = get_column_schema_from_query(sql) -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {%- if columns and missing -%}
                insert into {{ history }} ({{ columns | map(attribute='quoted') | join(', ') }})
                select {{ columns | map(attribute='quoted') | join(', ') }} from (
                {{ sql }}
                ) as model
            {%- else -%}
                select 1 where false
            {%- endif -%}
        {%- endcall -%}
    {%- endif -%}

    {%- if missing %}{% do settle_history(history) %}{% endif -%}
    {#- with --empty a table that is there has not got its new columns -#}
    {%- if is_new_logic and not (there and flags.EMPTY) %}{% do persist_docs(history, model) %}{% endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [history]}) }}
{% endmaterialization %}


{# Marks the versions that the current model is about to insert, and returns how many they are. A model without rows for a month is done all the same. #}
{% macro mark_missing_versions() %}
    {%- set versions = relation_at(model.schema, 'int_' ~ history_of(model).slice ~ 's__versions') -%}
    {%- if not load_cached_relation(this) -%}
        {%- do run_query("delete from " ~ version_markers() ~ " where model_name = '" ~ model.name ~ "'") -%}
    {%- endif -%}
    {%- set sql -%}
        insert into {{ version_markers() }} (model_name, version_id)
        select versions.model_name, versions.version_id
        from {{ versions }} as versions
        where versions.model_name = '{{ model.name }}' and {{ is_not_built('versions') }}
        returning version_id
    {%- endset -%}
    {{ return(run_query(sql).rows | length) }}
{% endmacro %}


{#
    The rules of the model's YAML on its table. They hold for each row that is inserted; versions of older logic that break a new rule
    stay as they are (not valid), the current ones are looked at: a build fails when one breaks a rule that came since.
#}
{% macro bring_rules_up_to_date(history, is_new) %}
    {%- set rules = rules_of(model) -%}
    {%- set there = {} -%}
    {%- if not is_new -%}
        {%- for row in run_query("select conname from pg_constraint where conrelid = '" ~ history ~ "'::regclass and contype in ('c', 'p')").rows -%}
            {%- do there.update({row[0]: true}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name in there if name not in rules -%}
        {%- do run_query('alter table ' ~ history ~ ' drop constraint ' ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {%- for name, rule in rules.items() if name not in there -%}
        {%- if not is_new and rule.condition -%}
            {%- set broken = run_query('select count(*) from ' ~ history ~ ' where ' ~ is_current_version() ~ ' and not (' ~ rule.condition ~ ')').rows[0][0] -%}
            {%- if broken -%}
                {{ exceptions.raise_compiler_error(broken ~ ' rows of ' ~ model.name ~ ' break the new rule: ' ~ name ~ '. Look at them: select * from ' ~ history ~ ' where not (' ~ rule.condition ~ ')') }}
            {%- endif -%}
        {%- endif -%}
        {%- do run_query('alter table ' ~ history ~ ' add constraint ' ~ adapter.quote(name) ~ ' ' ~ rule.definition ~ ('' if is_new or not rule.condition else ' not valid')) -%}
    {%- endfor -%}
{% endmacro %}

{% macro is_current_version() -%}
    {%- set versions = relation_at(model.schema, 'int_' ~ history_of(model).slice ~ 's__versions') -%}
    version_id in (select version_id from {{ versions }} where model_name = '{{ model.name }}')
{%- endmacro %}

{# The rules of a node by a name that says what they are, with the condition that rows must meet. #}
{% macro rules_of(node) %}
    {%- set rules = {} -%}
    {%- for column in node.columns.values() -%}
        {%- for constraint in column.constraints if constraint.type in ('not_null', 'check') -%}
            {%- set condition = column.name ~ ' is not null' if constraint.type == 'not_null' else constraint.expression -%}
            {%- do rules.update({
                (column.name ~ ': ' ~ condition)[:54] ~ ' ' ~ local_md5(condition)[:8]: {
                    'condition': condition, 'definition': 'check (' ~ condition ~ ')'
                }
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for constraint in node.constraints if constraint.type == 'primary_key' -%}
        {#- its index has a name of its own in the schema -#}
        {%- set key = node.name ~ ': ' ~ constraint.columns | join(', ') -%}
        {%- do rules.update({
            key[:54] ~ ' ' ~ local_md5(key)[:8]: {
                'condition': none, 'definition': 'primary key (' ~ constraint.columns | join(', ') ~ ')'
            }
        }) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{#
    After rows were inserted: blocks that no BRIN summary covers are read by every scan, and without fresh statistics the planner
    expects one row for a new month.
#}
{% macro settle_history(history) %}{{ return(adapter.dispatch('settle_history')(history)) }}{% endmacro %}

{% macro default__settle_history(history) %}
    {%- set sql -%}
        select brin_summarize_new_values(index_class.oid)
        from pg_index
        inner join pg_class as index_class on index_class.oid = pg_index.indexrelid
        inner join pg_am on pg_am.oid = index_class.relam
        where pg_am.amname = 'brin' and pg_index.indrelid = '{{ history }}'::regclass;
        analyze {{ history }}
    {%- endset -%}
    {%- do run_query(sql) -%}
{% endmacro %}

{% macro spark__settle_history(history) %}{% endmacro %}
