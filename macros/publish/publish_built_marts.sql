{#
    By rows, not by renaming schemas: tables get the rows that differ, views are replaced only when their definition changed,
    so that readers, open transactions and analysts' own views stay right throughout. Refused, with the names, is
    whatever would break a view of somebody else. With `earlier`, a publication that is brought back (rollback.sql).
#}
{% macro publish_built_marts(earlier=none) %}
{%- set build = earlier_marts() if earlier is not none else generate_schema_name('marts', none) | trim -%}
{%- set marts, history = [], [] -%}
{%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.enabled -%}
    {%- if node.config.schema == 'marts' -%}{%- do marts.append(node.alias) -%}{%- endif -%}
    {%- if history_of(node) -%}{%- do history.append(node.schema ~ '.' ~ node.alias) -%}{%- endif -%}
{%- endfor %}
{%- do history.append(run_log().schema ~ '.' ~ run_log().identifier) -%}
do $publish$
declare
    built constant regnamespace := '{{ build }}';
    published constant regnamespace := '{{ published_schema() }}';
    {% if earlier is not none -%}
    marts constant text[] := (select array_agg(relname) from pg_class where relnamespace = built and relkind in ('r', 'v'));
    {%- else -%}
    marts constant text[] := '{ {{- marts | sort | join(',') -}} }';
    {%- endif %}
    history constant text[] := '{ {{- history | sort | join(',') -}} }';
    mart record;
    part record;
    old_key text;
    new_key text;
    key_matches text;
    column_list text;
    rows_deleted bigint;
    rows_inserted bigint;
    names text;
    this_publication integer;
    form_since integer;
    past_rows text;
    key_columns text;
    is_new_form boolean := false;
    is_changed boolean := false;
begin
    -- who holds a view in a long transaction makes the publication fail, not wait for ever; readers were ended before that
    -- where `ontime build` watches (cli/server/readers.py)
    set local lock_timeout = '90s';
    -- what readers have seen stays, also where the server is killed the moment after
    set local synchronous_commit = on;
    {{ begin_past() }}

    {% if earlier is none -%}
    -- 1. a published view may read append-only history and its own schema: all else is replaced by the next build
    select string_agg(distinct format('%s reads %s', reader.relname, format('%I.%I', read.relnamespace::regnamespace, read.relname)), ', ')
    into names
    from pg_class as reader
    inner join pg_rewrite on pg_rewrite.ev_class = reader.oid
    inner join pg_depend on pg_depend.objid = pg_rewrite.oid and pg_depend.classid = 'pg_rewrite'::regclass
    inner join pg_class as read on read.oid = pg_depend.refobjid and pg_depend.refclassid = 'pg_class'::regclass
    where reader.relnamespace = built and reader.relkind = 'v' and reader.relname = any (marts)
        and read.relnamespace <> built
        and format('%s.%s', read.relnamespace::regnamespace, read.relname) <> all (history);
    if names is not null then
        raise exception 'a mart reads what the next build replaces: %. Read a history model, or make the mart a table.', names;
    end if;
    {%- endif %}

    -- 2. what has to go or be rebuilt: marts that left the project, views whose columns changed, columns dropped or retyped
    create temporary table changed_columns on commit drop as
    select old_class.oid as relation, old_class.relkind, old_class.relname, old_column.attname, old_column.attnum,
        old_class.relname <> all (marts) or new_class.oid is null as is_gone
    from pg_class as old_class
    inner join pg_attribute as old_column on old_column.attrelid = old_class.oid and old_column.attnum > 0 and not old_column.attisdropped
    left join pg_class as new_class
        on new_class.relnamespace = built and new_class.relname = old_class.relname and new_class.relkind = old_class.relkind
    left join pg_attribute as new_column
        on new_column.attrelid = new_class.oid and new_column.attname = old_column.attname and not new_column.attisdropped
        -- `create or replace view` takes new columns at the end only
        and (old_class.relkind = 'r' or new_column.attnum = old_column.attnum)
    where old_class.relnamespace = published and old_class.relkind in ('v', 'r')
        and (
            old_class.relname <> all (marts)
            or new_column.attname is null
            or (new_column.atttypid, new_column.atttypmod) is distinct from (old_column.atttypid, old_column.atttypmod)
        );

    create temporary table dropped_views on commit drop as
    with recursive affected (view_oid) as (
        select relation from changed_columns
        where relkind = 'v'
        union
        select pg_rewrite.ev_class
        from changed_columns
        inner join pg_depend on pg_depend.refobjid = changed_columns.relation and pg_depend.refobjsubid = changed_columns.attnum
        inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_depend.classid = 'pg_rewrite'::regclass
        where changed_columns.relkind = 'r'
        union
        select pg_rewrite.ev_class
        from affected
        inner join pg_depend on pg_depend.refobjid = affected.view_oid and pg_depend.refclassid = 'pg_class'::regclass
        inner join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_depend.classid = 'pg_rewrite'::regclass
    )
    select pg_class.oid, pg_class.relname, pg_class.relnamespace
    from affected
    inner join pg_class on pg_class.oid = affected.view_oid;

    -- own spaces are built again by `ontime dev build`: nobody's try keeps others from what is published
    select string_agg(format('%I.%I', relnamespace::regnamespace, relname), ', ' order by relname) into names
    from dropped_views
    where relnamespace <> published and not {{ is_own_space('relnamespace') }};
    if names is not null then
        raise exception 'marts change in a way that breaks what others keep on them: % changed or left; % depends on it. Drop or change that, then {{ 'build' if earlier is none else 'roll back' }} again.',
            (select string_agg(distinct relname || '.' || attname, ', ') from changed_columns), names;
    end if;

    is_new_form := exists (select from dropped_views where relnamespace = published);
    for mart in select relname, relnamespace::regnamespace as place from dropped_views order by oid desc loop
        execute format('drop view if exists %I.%I cascade', mart.place, mart.relname);
    end loop;

    -- 3. tables: columns, then the rows that differ
    for mart in select distinct relname from changed_columns where relkind = 'r' and is_gone loop
        execute format('drop table {{ published_schema() }}.%I', mart.relname);
        update past.tables set until = this_publication where tables.mart = mart.relname and until is null;
        is_new_form := true;
        {{ record_publication('mart.relname', "'dropped'") }};
    end loop;

    for mart in
        select oid, relname from pg_class
        where relnamespace = built and relkind = 'r' and relname = any (marts)
        order by relname
    loop
        execute format('create table if not exists {{ published_schema() }}.%1$I (like {{ build }}.%1$I including constraints including indexes)', mart.relname);
        -- only where there is something to change: `alter table` waits for every transaction that reads the table
        for part in
            select new_column.attname, format_type(new_column.atttypid, new_column.atttypmod) as type,
                old_column.attname is null as is_added
            from pg_attribute as new_column
            left join pg_attribute as old_column
                on old_column.attrelid = format('{{ published_schema() }}.%I', mart.relname)::regclass
                and old_column.attname = new_column.attname and not old_column.attisdropped
            where new_column.attrelid = mart.oid and new_column.attnum > 0 and not new_column.attisdropped
                and (new_column.atttypid, new_column.atttypmod) is distinct from (old_column.atttypid, old_column.atttypmod)
            order by new_column.attnum
        loop
            if part.is_added then
                execute format('alter table {{ published_schema() }}.%I add column %I %s', mart.relname, part.attname, part.type);
            else
                -- all its rows differ; emptied first, so that a key can be retyped too
                execute format('delete from {{ published_schema() }}.%I', mart.relname);
                execute format('alter table {{ published_schema() }}.%I alter column %I type %s using null', mart.relname, part.attname, part.type);
            end if;
        end loop;
        for part in
            select attname from changed_columns
            where relname = mart.relname and attname not in (select attname from pg_attribute where attrelid = mart.oid)
        loop
            execute format('alter table {{ published_schema() }}.%I drop column %I', mart.relname, part.attname);
        end loop;

        -- a key of other columns gives way before the rows come, and takes its place after them
        select live_key.conname, pg_get_constraintdef(build_key.oid) into old_key, new_key
        from pg_constraint as build_key
        inner join pg_constraint as live_key
            on live_key.conrelid = format('{{ published_schema() }}.%I', mart.relname)::regclass and live_key.contype = 'p'
            and pg_get_constraintdef(live_key.oid) <> pg_get_constraintdef(build_key.oid)
        where build_key.conrelid = mart.oid and build_key.contype = 'p';
        if old_key is not null then
            execute format('alter table {{ published_schema() }}.%I drop constraint %I', mart.relname, old_key);
        end if;
        -- so do rules that the project gave up; new ones are held where the rows are built
        for part in
            select format('alter column %I drop not null', live_column.attname) as change
            from pg_attribute as live_column
            inner join pg_attribute as build_column
                on build_column.attrelid = mart.oid and build_column.attname = live_column.attname and not build_column.attnotnull
            where live_column.attrelid = format('{{ published_schema() }}.%I', mart.relname)::regclass and live_column.attnotnull
            union all
            select format('drop constraint %I', live_rule.conname)
            from pg_constraint as live_rule
            where live_rule.conrelid = format('{{ published_schema() }}.%I', mart.relname)::regclass and live_rule.contype in ('c', 'u')
                and pg_get_constraintdef(live_rule.oid) not in (select pg_get_constraintdef(oid) from pg_constraint where conrelid = mart.oid)
        loop
            execute format('alter table {{ published_schema() }}.%I %s', mart.relname, part.change);
        end loop;

        select string_agg(format('build.%1$I = live.%1$I', attname), ' and '), string_agg(format('%I', attname), ', ')
        into key_matches, key_columns
        from pg_index
        inner join pg_attribute on pg_attribute.attrelid = pg_index.indrelid and pg_attribute.attnum = any (pg_index.indkey)
        where pg_index.indrelid = mart.oid and pg_index.indisprimary;
        if key_matches is null then
            raise exception 'mart % has no primary key: name one in its constraints, rows are compared by it', mart.relname;
        end if;
        select string_agg(format('%I', attname), ', ' order by attnum) into column_list
        from pg_attribute
        where attrelid = mart.oid and attnum > 0 and not attisdropped;

        -- rows that go are marked as ended where the past is kept, rows that come are kept there as well
        {{ find_past_rows() }}
        execute format(
            'with gone as (delete from {{ published_schema() }}.%1$I as live where not exists ('
            || 'select 1 from {{ build }}.%1$I as build where %2$s and (select row(%3$s) from (select build.*) as a) is not distinct from (select row(%3$s) from (select live.*) as b)) '
            || 'returning live.*)' || case when past_rows is not null then
                ', ended as (update past.%4$I as build set publication_ended = %5$s from gone as live where build.publication_ended is null and %2$s)'
            else '' end || ' select count(*) from gone',
            mart.relname, key_matches, column_list, past_rows, this_publication
        ) into rows_deleted;
        execute format(
            'with come as (insert into {{ published_schema() }}.%1$I (%3$s) select %3$s from {{ build }}.%1$I as build '
            || 'where not exists (select 1 from {{ published_schema() }}.%1$I as live where %2$s) '
            || 'returning %3$s)' || case when past_rows is not null then
                ', begun as (insert into past.%4$I (%3$s, publication_began) select %3$s, %5$s from come)'
            else '' end || ' select count(*) from come',
            mart.relname, key_matches, column_list, past_rows, this_publication
        ) into rows_inserted;
        if old_key is not null then
            execute format('alter table {{ published_schema() }}.%I add %s', mart.relname, new_key);
        end if;
        if past_rows is null then
            {{ begin_past_rows() }}
        end if;
        if rows_deleted + rows_inserted > 0 then
            is_changed := true;
            -- who asks at once finds statistics: all views ask month_versions what is current, and plan for what they expect there
            if rows_deleted + rows_inserted > (select 0.1 * reltuples from pg_class where oid = format('{{ published_schema() }}.%I', mart.relname)::regclass) then
                execute format('analyze {{ published_schema() }}.%I', mart.relname);
            end if;
            {{ record_publication(
                'mart.relname', "format('%s rows inserted, %s deleted', rows_inserted, rows_deleted)", 'rows_inserted + rows_deleted'
            ) }};
        end if;
    end loop;

    -- 4. views, in the order in which they were built
    for mart in
        select new_class.relname, replace(pg_get_viewdef(new_class.oid), '{{ build }}.', '{{ published_schema() }}.') as definition,
            old_class.oid as old_oid
        from pg_class as new_class
        left join pg_class as old_class on old_class.relnamespace = published and old_class.relname = new_class.relname
        where new_class.relnamespace = built and new_class.relkind = 'v' and new_class.relname = any (marts)
        order by new_class.oid
    loop
        if mart.old_oid is null or pg_get_viewdef(mart.old_oid) <> mart.definition then
            execute format('create or replace view {{ published_schema() }}.%I as %s', mart.relname, mart.definition);
            is_new_form := true;
            {{ record_publication('mart.relname', "case when mart.old_oid is null then 'view created' else 'view replaced' end") }};
        end if;
    end loop;

    -- 5. what the project says of relations and columns
    for part in
        select new_class.relname, new_class.relkind, pg_attribute.attname, new_text.description
        from pg_class as new_class
        inner join pg_class as old_class on old_class.relnamespace = published and old_class.relname = new_class.relname
        inner join pg_description as new_text on new_text.objoid = new_class.oid and new_text.classoid = 'pg_class'::regclass
        left join pg_attribute on pg_attribute.attrelid = new_class.oid and pg_attribute.attnum = new_text.objsubid and new_text.objsubid > 0
        left join pg_attribute as old_column on old_column.attrelid = old_class.oid and old_column.attname = pg_attribute.attname
        where new_class.relnamespace = built and new_class.relname = any (marts)
            and new_text.description is distinct from case
                when pg_attribute.attname is null then obj_description(old_class.oid, 'pg_class')
                else col_description(old_class.oid, old_column.attnum)
            end
    loop
        {{ comment_on_part(published_schema()) }}
    end loop;

    drop table changed_columns, dropped_views;

    -- 6. what readers see from now on has a number, and stays to be asked for
    {{ end_past(earlier) }}

    -- 7. what the next build compares itself with, and who published; what was built stays so when something earlier is shown
    {{ record_plain_dbt() }}
    {{ keep_state_of_build() if earlier is none }}
exception when lock_not_available or deadlock_detected then
    select string_agg(distinct format('%s (server process %s)', usename, pid), ', ') into names
    from pg_locks
    inner join pg_class on pg_class.oid = pg_locks.relation and pg_class.relnamespace = published
    inner join pg_stat_activity using (pid)
    where pg_locks.granted and pid <> pg_backend_pid();
    raise exception 'marts change their columns or views, and somebody has been reading them in one transaction: %. End that, then {{ 'build' if earlier is none else 'roll back' }} again.', coalesce(names, 'it has ended');
end
$publish$
{% endmacro %}


{# Within a loop over `part`: its description on a relation of the schema, or on the column that it names. #}
{% macro comment_on_part(schema) -%}
        if part.attname is null then
            execute format('comment on %s {{ schema }}.%I is %L', case part.relkind when 'v' then 'view' else 'table' end, part.relname, part.description);
        else
            execute format('comment on column {{ schema }}.%I.%I is %L', part.relname, part.attname, part.description);
        end if;
{%- endmacro %}
