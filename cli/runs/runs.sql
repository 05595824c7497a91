-- What commands did: one row per run of a command (step 'command'), and one per step of it: what it did, the files that it landed, the
-- marts that it published (docs/runs.md). `ontime up` runs this file as transformer, again and again without harm; commands write the
-- rows (cli/runs/record.py), and so does each publication, in its transaction (macros/publish/runs.sql).

select pg_advisory_xact_lock(hashtext('ontime'), hashtext('table of runs'));

create schema if not exists ops;

create table if not exists ops.runs (
    step_no bigint generated always as identity primary key,
    run_id text not null,
    parent_run_id text,
    command text,
    step text not null,
    subject text,
    outcome text not null check (outcome in ('running', 'succeeded', 'failed', 'later', 'stopped', 'killed')),
    detail text,
    row_count bigint,
    rows_rejected bigint,
    exit_code integer,
    release text,
    started_at timestamptz,
    ended_at timestamptz,
    seconds double precision
);
create index if not exists runs_by_run on ops.runs (run_id);
create index if not exists runs_by_start on ops.runs (started_at) where step = 'command';
create index if not exists runs_that_run on ops.runs (run_id) where outcome = 'running';

-- loads write down what they did, and how what they began has ended; nothing else of it can they change, and none of it remove
grant usage on schema ops to loader;
grant select, insert on ops.runs to loader;
grant update (outcome, detail, row_count, rows_rejected, exit_code, ended_at, seconds) on ops.runs to loader;

-- Publications had a table of their own before.
do $$
begin
    if to_regclass('ops.publications') is not null then
        insert into ops.runs (run_id, command, step, outcome, started_at, ended_at)
        select invocation_id, 'build', 'command', 'succeeded', min(published_at), max(published_at)
        from ops.publications
        group by invocation_id
        order by min(published_at);
        insert into ops.runs (run_id, step, subject, outcome, detail, started_at, ended_at)
        select invocation_id, 'publish', relation, 'succeeded', change, published_at, published_at
        from ops.publications
        order by published_at, relation;
        drop table ops.publications;
    end if;
end
$$;
