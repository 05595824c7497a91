-- Who may do what in the warehouse. `ontime up` runs this file in the warehouse's database, again and again without
-- harm. An administrator of an external server can run it by hand:
--
--     psql --dbname ontime --file cli/server/roles.sql
--     psql --command 'grant connect on database ontime to <PGUSER>'
--     psql --command 'grant loader, transformer, reporter to <PGUSER> with inherit false, set true'
--
-- loader       owns raw_<source> schemas and what lands in them
-- transformer  reads raw, owns everything else, marts too
-- reporter     reads the published schema marts and nothing else

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

-- A careless question ends by itself and can write nothing, not even where it had the right to.
alter role reporter set statement_timeout = '60s';
alter role reporter set default_transaction_read_only = on;

set role loader;
alter default privileges grant usage on schemas to transformer;
alter default privileges grant select on tables to transformer;

set role transformer;
create schema if not exists marts;
grant usage on schema marts to reporter;
alter default privileges in schema marts grant select on tables to reporter;

reset role;
