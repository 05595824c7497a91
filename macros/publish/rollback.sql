{#
    `ontime rollback` (docs/decisions/0015-rollback.md): what readers saw in an earlier publication is made once more beside the
    published marts, of the rows and the views that the past keeps (past.sql), and is then published like what a build made. One
    transaction, of the command: a kill leaves nothing of it, and it is a publication of its own in the past.
#}
{% macro earlier_marts() %}{{ return('marts__rollback') }}{% endmacro %}

{% macro publish_earlier_marts(publication) %}
    {%- if not execute %}{{ return('select 1') }}{% endif %}
    {{ make_earlier_marts(publication) }};
    {{ publish_built_marts(earlier=publication) }};
    drop schema {{ earlier_marts() }} cascade;
{% endmacro %}


{# Tables, views and words of an earlier publication, in a schema of their own. #}
{% macro make_earlier_marts(publication) %}
create schema {{ earlier_marts() }};
{{ make_earlier_tables(publication) }};
{{ make_earlier_views(publication) }};
{{ keep_words_of_today() }}
{% endmacro %}


{#
    The tables, with the rows of then. Rules of a published table hold for all rows that it ever had; of one that had other columns, or
    another key, nothing is left but its key.
#}
{% macro make_earlier_tables(publication) %}
do $earlier$
declare
    mart record;
    columns text;
    key_columns text;
begin
    for mart in
        select
            past_table.mart as relname,
            format('past.%I', format('%s__%s', past_table.mart, past_table.since)) as rows,
            past_table.until is null as is_still_there
        from past.tables as past_table
        where past_table.since <= {{ publication }} and coalesce(past_table.until > {{ publication }}, true)
        order by past_table.mart
    loop
        select string_agg(format('%I', attname), ', ' order by attnum) into columns
        from pg_attribute
        where attrelid = mart.rows::regclass and attnum > 0 and attname <> all ('{publication_began,publication_ended}');
        if mart.is_still_there then
            execute format(
                'create table {{ earlier_marts() }}.%1$I (like {{ published_schema() }}.%1$I including constraints including indexes)',
                mart.relname
            );
        else
            select string_agg(format('%I', attname), ', ') into key_columns
            from pg_index
            inner join pg_attribute on pg_attribute.attrelid = pg_index.indrelid and pg_attribute.attnum = any (pg_index.indkey)
            where pg_index.indrelid = mart.rows::regclass and pg_index.indpred is not null;
            execute format('create table {{ earlier_marts() }}.%I as select %s from %s limit 0', mart.relname, columns, mart.rows);
            execute format('alter table {{ earlier_marts() }}.%I add primary key (%s)', mart.relname, key_columns);
        end if;
        execute format(
            'insert into {{ earlier_marts() }}.%I (%2$s) select %2$s from %3$s where publication_began <= %4$s and coalesce(publication_ended > %4$s, true)',
            mart.relname, columns, mart.rows, {{ publication }}
        );
    end loop;
end
$earlier$
{% endmacro %}


{# The views, in the order in which they were made. #}
{% macro make_earlier_views(publication) %}
do $earlier$
declare
    form constant text := (select format('marts_as_of_%s', since) from past.publications where publication = {{ publication }});
    mart record;
begin
    for mart in
        select
            relname,
            replace(
                replace(pg_get_viewdef(oid), 'past.runs', '{{ run_log().schema }}.{{ run_log().identifier }}'),
                format('%s.', form), '{{ earlier_marts() }}.'
            ) as definition
        from pg_class
        where relnamespace = form::regnamespace and relkind = 'v'
            and relname not in (select tablename from pg_tables where schemaname = '{{ earlier_marts() }}')
        order by oid
    loop
        execute format('create view {{ earlier_marts() }}.%I as %s', mart.relname, mart.definition);
    end loop;
end
$earlier$
{% endmacro %}


{# Of words the past keeps none: those of today stay, where they speak of something that was there. #}
{% macro keep_words_of_today() %}
do $earlier$
declare
    part record;
begin
    for part in
        select old_class.relname, new_class.relkind, new_column.attname, words.description
        from pg_description as words
        inner join pg_class as old_class on old_class.oid = words.objoid and old_class.relnamespace = '{{ published_schema() }}'::regnamespace
        inner join pg_class as new_class on new_class.relname = old_class.relname and new_class.relnamespace = '{{ earlier_marts() }}'::regnamespace
        left join pg_attribute as old_column on old_column.attrelid = old_class.oid and old_column.attnum = words.objsubid and words.objsubid > 0
        left join pg_attribute as new_column on new_column.attrelid = new_class.oid and new_column.attname = old_column.attname
        where words.classoid = 'pg_class'::regclass and (words.objsubid = 0 or new_column.attname is not null)
    loop
        {{ comment_on_part(earlier_marts()) }}
    end loop;
end
$earlier$
{% endmacro %}


{#
    Why plain dbt publishes nothing: readers were brought back to something earlier, and what stands built would come again. `ontime
    build` says what that is, and what has to be decided (cli/building/rolled_back.py). An empty text where nothing was.
#}
{% macro rolled_back() %}
    {%- if not execute or plan_id() or not relation_exists(relation_at('past', 'publications')) -%}{{ return('') }}{%- endif -%}
    {%- set sql -%}
        with publications as (
            select publication, cast(to_jsonb(it) ->> 'rolled_back_to' as integer) as rolled_back_to from past.publications as it
        ),

        built as (
            select max(publication) as publication from publications where rolled_back_to is null
        )

        select built.publication, publications.rolled_back_to
        from publications
        cross join built
        where publications.publication = (select max(publication) from publications) and publications.rolled_back_to <> built.publication
    {%- endset -%}
    {%- for row in run_query(sql).rows -%}
        {{ return('publication ' ~ row[0] ~ ' was rolled back to ' ~ row[1] ~ ', and would come again. Ask `ontime build`, which says what to do') }}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}
