-- Who may do what in the warehouse. `ontime up` runs this file in the warehouse's database, again and again without
-- harm. An administrator of an external server can run it by hand:
--
--     psql --dbname ontime --file cli/server/roles.sql
--     psql --command 'grant connect on database ontime to <PGUSER>'
--     psql --command 'grant loader, transformer, reporter to <PGUSER> with inherit false, set true'
--
-- loader       owns raw_<source> schemas and what lands in them; writes down what it did (cli/runs/runs.sql, which follows this file)
-- transformer  reads raw, owns everything else, marts too
-- reporter     reads the published schema marts, what it was before (macros/publish/past.sql), and nothing else; nobody waits for it
--
-- Run by a superuser it holds more than run by an owner of the database who may make roles; it warns of what is open then.

-- Roles belong to the whole server. On an embedded one they get passwords and the right to log in afterwards.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['loader', 'transformer', 'reporter'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            execute format('create role %I', wanted);
        end if;
        if not pg_has_role(wanted, 'set') then
            execute format('grant %I to current_user with inherit false, set true', wanted);
        end if;
    end loop;

    -- `public` is every role that is or will ever be on this server: it gets nothing here.
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to loader, transformer, reporter', current_database());
    execute format('grant create, temporary on database %I to loader, transformer', current_database());
end
$$;

revoke all on schema public from public;

-- So that transformer may look at sessions of readers, and end one that a build waits for.
grant reporter to transformer with inherit true, set false;

-- By these functions anybody could hold what others wait for, fill the server's one table of locks, leave large objects
-- behind, write to the log of changes, or end other readers: they are for the roles that need them.
do $$
declare
    open_one record;
begin
    for open_one in
        select
            pg_proc.oid::regprocedure as signature,
            pg_has_role(pg_proc.proowner, 'usage') as is_ours,
            pg_proc.proname ~ '^pg_(try_)?advisory_|_backend$' as is_needed
        from pg_catalog.pg_proc
        cross join aclexplode(coalesce(pg_proc.proacl, acldefault('f', pg_proc.proowner))) as granted
        where pg_proc.pronamespace = 'pg_catalog'::regnamespace and granted.grantee = 0
            and (
                pg_proc.proname ~ '^pg_(try_)?advisory_|^lo_|^lo(read|write)$'
                or pg_proc.proname in ('pg_terminate_backend', 'pg_cancel_backend', 'pg_logical_emit_message')
            )
    loop
        if not open_one.is_ours then
            raise warning 'role reporter can take locks that others wait for: have a superuser run roles.sql in database %', current_database();
            exit;
        end if;
        execute format('revoke execute on function %s from public', open_one.signature);
        if open_one.is_needed then
            execute format('grant execute on function %s to loader, transformer, pg_database_owner', open_one.signature);
        end if;
    end loop;
end
$$;

-- Postgres lets each role store settings of its own, and none of its rights takes that away: what was stored goes here.
-- An open transaction that stores one would be waited for; a reader has no other reason to hold a transaction id.
set role transformer;
select pg_terminate_backend(pid, 5000) as ended
from pg_catalog.pg_stat_activity
where usename = 'reporter' and backend_xid is not null;
reset role;

do $$
declare
    elsewhere text;
begin
    for elsewhere in
        select pg_database.datname
        from pg_catalog.pg_db_role_setting
        inner join pg_catalog.pg_database on pg_database.oid = pg_db_role_setting.setdatabase
        where pg_db_role_setting.setrole = 'reporter'::regrole
    loop
        execute format('alter role reporter in database %I reset all', elsewhere);
    end loop;
end
$$;

alter role reporter connection limit 30;
alter role reporter reset all;
-- A careless question ends by itself and can write nothing, not even where it had the right to. A session may lift these:
-- `ontime up` and `ontime build` end readers that go far beyond (cli/server/readers.py).
alter role reporter set statement_timeout = '60s';
alter role reporter set idle_in_transaction_session_timeout = '10min';
alter role reporter set default_transaction_read_only = on;

-- What only a superuser can forbid: no reader lifts this limit, and none drops or gives away what was granted to it
-- (`drop owned by`, `alter default privileges`).
do $superuser$
begin
    if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
        -- a superuser may have done it before
        if not exists (
            select from pg_catalog.pg_db_role_setting
            where setrole = 'reporter'::regrole and setdatabase = 0 and setconfig::text ~ '\mtemp_file_limit='
        ) then
            raise warning 'role reporter can fill the disk with temporary files: have a superuser run roles.sql in database %', current_database();
        end if;
        if not exists (select from pg_catalog.pg_event_trigger where evtname = 'refuse_ddl_of_readers' and evtenabled <> 'D') then
            raise warning 'role reporter can drop what was granted to it: have a superuser run roles.sql in database %', current_database();
        end if;
        return;
    end if;
    alter role reporter set temp_file_limit = '10GB';

    create schema if not exists guards;
    create or replace function guards.refuse_ddl_of_readers() returns event_trigger
    language plpgsql set search_path = pg_catalog
    as $$
    begin
        if current_user = 'reporter'
            or (
                tg_tag in ('DROP OWNED', 'REASSIGN OWNED')
                and pg_has_role('reporter', 'usage') and not pg_has_role('transformer', 'member')
            )
        then
            raise insufficient_privilege using message = tg_tag || ' is not for readers: they read the schema marts and nothing else';
        end if;
    end
    $$;
    if not exists (select from pg_catalog.pg_event_trigger where evtname = 'refuse_ddl_of_readers') then
        create event trigger refuse_ddl_of_readers on ddl_command_start
        execute function guards.refuse_ddl_of_readers();
    end if;
end
$superuser$;

do $$
declare
    others text;
begin
    select string_agg(quote_ident(pg_database.datname), ', ' order by pg_database.datname) into others
    from pg_catalog.pg_database
    cross join aclexplode(coalesce(pg_database.datacl, acldefault('d', pg_database.datdba))) as granted
    where pg_database.datallowconn and pg_database.datname <> current_database()
        and granted.grantee = 0 and granted.privilege_type = 'CONNECT';
    if others is not null then
        raise warning 'role reporter can connect to other databases of this server: %. Their owners close one with: revoke connect on database <name> from public', others;
    end if;
end
$$;

set role loader;
alter default privileges grant usage on schemas to transformer;
alter default privileges grant select on tables to transformer;

set role transformer;
create schema if not exists marts;
grant usage on schema marts to reporter;
grant select on all tables in schema marts to reporter;
alter default privileges in schema marts grant select on tables to reporter;

reset role;
