{#
    What readers saw before (docs/decisions/0014-as-of.md): parts of the transaction that publishes, in SQL of its block.

        past.publications         one row per publication that changed something; a rollback says which one it brought back
        past.tables               of each mart that is a table: since which publication it has its columns, and until which it had them
        past.<mart>__<since>      its rows with these columns: in which publication each began, and in which it ended
        marts_as_of_<since>       all marts in one form (columns of tables, definitions of views) as views. Of which publication they
                                  speak says the session: ontime.publication its number, ontime.moment until when runs are known

    The cost follows the change: rows that are deleted are marked as ended, rows that are inserted are inserted here too.
#}
{% macro begin_past() -%}
    if to_regclass('past.publications') is null then
        -- of a past that was lost forms are left, of which nothing can be asked, and whose names come again
        for part in select nspname from pg_namespace where nspname ~ '^marts_as_of_[0-9]+$' loop
            execute format('drop schema %I cascade', part.nspname);
        end loop;
        create schema past;
        comment on schema past is 'Rows of marts as they were published before; ontime sql --as-of reads them by the schemas marts_as_of_*.';
        create table past.publications (
            publication integer primary key,
            published_at timestamptz not null,
            run_id text not null,
            since integer not null,
            rolled_back_to integer
        );
        create table past.tables (mart text, since integer, until integer, primary key (mart, since));
        grant usage on schema past to reporter;
        grant select on past.publications to reporter;
    elsif not exists (
        select from pg_attribute where attrelid = 'past.publications'::regclass and attname = 'rolled_back_to' and not attisdropped
    ) then
        alter table past.publications add column rolled_back_to integer; -- an older version of ontime knew of none
    end if;
    select coalesce(max(publications.publication), 0) + 1, max(publications.since) into this_publication, form_since
    from past.publications;
{%- endmacro %}


{# The table of a mart's rows, or null where its columns are new; a key of other columns is a new form as well. #}
{% macro find_past_rows() -%}
    select format('%s__%s', mart.relname, past_table.since) into past_rows
    from past.tables as past_table
    where past_table.mart = mart.relname and past_table.until is null and old_key is null
        and (
            select array_agg((attname, atttypid, atttypmod)::text order by attnum) from pg_attribute
            where attrelid = format('past.%I', format('%s__%s', mart.relname, past_table.since))::regclass
                and attnum > 0 and attname <> all ('{publication_began,publication_ended}')
        ) = (
            select array_agg((attname, atttypid, atttypmod)::text order by attnum) from pg_attribute
            where attrelid = format('{{ published_schema() }}.%I', mart.relname)::regclass and attnum > 0 and not attisdropped
        );
{%- endmacro %}


{# A table whose columns are new, with all its rows; those of before stay where they are. #}
{% macro begin_past_rows() -%}
    update past.tables set until = this_publication where tables.mart = mart.relname and until is null;
    insert into past.tables (mart, since) values (mart.relname, this_publication);
    past_rows := format('%s__%s', mart.relname, this_publication);
    execute format(
        'create table past.%I as select *, %s as publication_began, cast(null as integer) as publication_ended from {{ published_schema() }}.%I',
        past_rows, this_publication, mart.relname
    );
    execute format('create index on past.%I (%s) where publication_ended is null', past_rows, key_columns);
    is_new_form := true;
{%- endmacro %}


{#
    At the end: the publication gets its number, if it changed anything. Where columns or definitions are others than before, all
    marts get views of their own: objects and no texts, for Postgres carries on what they read when a column of history is renamed.
#}
{% macro end_past(earlier=none) -%}
    if is_new_form or form_since is null then
        form_since := this_publication;
        -- replaced only where it is another one: who reads it would be waited for
        if obj_description(to_regclass('past.runs')) is distinct from '{{ local_md5(runs_until('ontime.moment')) }}' then
            create or replace view past.runs as
            {{ runs_until('ontime.moment') }};
            comment on view past.runs is '{{ local_md5(runs_until('ontime.moment')) }}';
        end if;
        execute format('create schema marts_as_of_%s', form_since);
        -- what has to be there when it is brought back (macros/publish/rollback.sql)
        execute format(
            'comment on schema marts_as_of_%s is %L', form_since,
            (
                select string_agg(relname, ', ' order by relname) from pg_class
                where relnamespace = built and relkind in ('r', 'v') and relname = any (marts)
            )
        );
        for mart in
            select new_class.relname,
                case
                    when new_class.relkind = 'r' then (
                        select format(
                            'select %s from past.%I where publication_began <= %3$s and coalesce(publication_ended > %3$s, true)',
                            string_agg(format('%I', attname), ', ' order by attnum),
                            format('%s__%s', past_table.mart, past_table.since),
                            'current_setting(''ontime.publication'')::integer'
                        )
                        from pg_attribute
                        where attrelid = format('past.%I', format('%s__%s', past_table.mart, past_table.since))::regclass
                            and attnum > 0 and attname <> all ('{publication_began,publication_ended}')
                    )
                    else replace(
                        replace(pg_get_viewdef(new_class.oid), '{{ run_log().schema }}.{{ run_log().identifier }}', 'past.runs'),
                        format('%s.', built), format('marts_as_of_%s.', form_since)
                    )
                end as definition
            from pg_class as new_class
            left join past.tables as past_table on past_table.mart = new_class.relname and past_table.until is null
            where new_class.relnamespace = built and new_class.relkind in ('r', 'v') and new_class.relname = any (marts)
            order by new_class.relkind = 'v', new_class.oid
        loop
            execute format('create view marts_as_of_%s.%I as %s', form_since, mart.relname, mart.definition);
        end loop;
        execute format('grant usage on schema marts_as_of_%s to reporter', form_since);
        execute format('grant select on all tables in schema marts_as_of_%s to reporter', form_since);
        is_changed := true;
    end if;
    -- also one that finds all as a rollback left it: from then on what readers see is what was built
    if is_changed or {{ earlier is not none }} or (
        select rolled_back_to is not null from past.publications order by publication desc limit 1
    ) then
        insert into past.publications (publication, published_at, run_id, since, rolled_back_to)
        values (this_publication, clock_timestamp(), '{{ run_id() }}', form_since, {{ 'null' if earlier is none else earlier }});
    end if;
{%- endmacro %}


{#
    The record of runs as it was until the moment that a setting of the session names: of a command that ended later it is known that it
    ran, of its steps nothing. Of one that was killed nobody wrote when.
#}
{% macro runs_until(setting) -%}
    {%- set moment = "current_setting('" ~ setting ~ "')::timestamptz" -%}
    select
        step_no, run_id, parent_run_id, command, step, subject,
        case when ended_at > {{ moment }} then 'running' else outcome end as outcome,
        {% for column in ['detail', 'row_count', 'rows_rejected', 'exit_code'] -%}
        case when coalesce(ended_at <= {{ moment }}, true) then {{ column }} end as {{ column }},
        {% endfor -%}
        release, started_at,
        case when ended_at <= {{ moment }} then ended_at end as ended_at,
        case when ended_at <= {{ moment }} then seconds end as seconds
    from {{ run_log().schema }}.{{ run_log().identifier }}
    where coalesce(case when step = 'command' then started_at else coalesce(ended_at, started_at) end <= {{ moment }}, true)
{%- endmacro %}
