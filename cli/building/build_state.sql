-- What `ontime build` knows of the published state (docs/decisions/0009-state-aware-builds.md). Beside the publication log, so that
-- every machine sees it; only a publication makes a state count (macros/publish/build_state.sql).

create schema if not exists ops;

-- One row is published; the others are of builds that run, or failed.
create table if not exists ops.build_state (
    plan_id text primary key,
    made_at timestamptz not null default now(),
    published_at timestamptz,
    state jsonb not null,
    checksum text not null
);

-- What a build is to do with each node: run it for its logic, run it for its data, or let it stand.
create table if not exists ops.build_plan (
    plan_id text not null,
    unique_id text not null,
    kind text not null check (kind in ('logic', 'data', 'stands')),
    primary key (plan_id, unique_id)
);

-- The files and decisions that were there when the build began: it sees no other.
create table if not exists ops.build_files (
    plan_id text not null,
    file_no integer not null,
    primary key (plan_id, file_no)
);

-- Nodes that a run began to build since the last publication, also a run of plain dbt: they stand no longer.
create table if not exists ops.touched_nodes (
    unique_id text primary key,
    kind text not null,
    touched_at timestamptz not null default now()
);
