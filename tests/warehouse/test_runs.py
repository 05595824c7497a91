"""Runs as data: what commands did is written down, whatever becomes of them, and never in their way."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import psycopg2.errors
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.runs import lineage
from cli.runs.record import recorded
from cli.runs.words import command_of
from cli.server.roles import bootstrap
from ingestion import stopping
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, session, value, wait_until
from tests.projects import ProjectCopy
from tests.servers import ontime
from tests.states import published

COMMAND = (sys.executable, "-c", "from cli.main import main; main()")
NOTHING_LISTENS = "http://127.0.0.1:9"  # the port of `discard`


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Three months, loaded and published."""
    return begin_with(SAMPLE, tmp_path_factory.mktemp("runs"))


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a test says so; who listens then has all the time that a busy machine takes."""
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(lineage, "SECONDS_AT_THE_END", 300.0)


def run(*words: str) -> Result:
    """`ontime` in this process."""
    return CliRunner().invoke(main, words)


def load(project: ProjectCopy, late: int) -> Path:
    """A release of February; returns its file."""
    return samples.write(project.folder.parent / f"february_{late}.csv", samples.restated(2, late))


def last_run() -> dict[str, Any]:
    """The newest run, as `ontime runs` has it."""
    shown = run("runs", "--limit", "1", "--format", "json")
    assert shown.exit_code == 0, shown.output
    (found,) = json.loads(shown.stdout)
    assert isinstance(found, dict)
    return found


def steps_of(run_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Subject, outcome and rows of the steps of a run, by their names."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for step, *others in query(
        "select step, subject, outcome, row_count from ops.runs where run_id = %s order by step_no", run_id
    ):
        found.setdefault(step, []).append(tuple(others))
    return found


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["load", "bts", "--months", "2024-03"], "load bts --months 2024-03"),
        (
            ["load", "bts", "--from", "https://u:pw@h.org/a?t=1"],
            "load bts --from 'https://...@h.org/a?t=...'",
        ),
        (["load", "bts", "--from=https://u:p w@h/a"], "load bts --from=https://...@h/a"),
        (["load", "bts", "--from", "https://u:p/w@h.org/a"], "load bts --from https://..."),
        (["load", "bts", "--from", "s3://key:secret@bucket/a b"], "load bts --from 's3://...@bucket/a b'"),
        (["load", "bts", "--from", "ftp://u:pw@h/a?t=1"], "load bts --from 'ftp://...@h/a?...'"),
        (["load", "bts", "--from", "http://h:8080/a.csv"], "load bts --from http://h:8080/a.csv"),
        (["accept", "7", "--remark", "see ftp://u:pw@h/x now"], "accept 7 --remark 'see ftp://...@h/x now'"),
        (["build", "--vars", "{token: pw}", "--all"], "build --vars ... --all"),
        (["build", "--vars={token: pw}"], "build --vars=..."),
        (["load", "bts", "--from", "caf\udce9.csv"], r"load bts --from 'caf\udce9.csv'"),
    ],
)
def test_a_command_is_kept_without_its_secrets(words: list[str], kept: str) -> None:
    assert command_of(words) == kept


def test_a_load_is_a_run_with_its_files(project: ProjectCopy) -> None:
    file = load(project, late=11)
    gone = file.with_name("gone.csv")
    done = run("load", "nycflights13", "--from", str(file), str(gone))
    assert done.exit_code == 1
    kept = last_run()
    assert (kept["outcome"], kept["exit_code"]) == ("failed", 1)
    assert kept["next_command"] == f"ontime load nycflights13 --from {file} {gone}"
    assert kept["release"].startswith("0.")
    rows = kept["row_count"]
    assert rows == len(samples.restated(2, 11))
    ((landed, failed),) = (steps_of(kept["run_id"])["land"],)
    assert landed == (file.name, "succeeded", rows)
    assert failed[1:] == ("failed", None)

    assert run("load", "nycflights13", "--from", str(file)).exit_code == 0
    again = last_run()
    assert (again["outcome"], again["row_count"], again["next_command"]) == ("succeeded", 0, None)
    assert "already there" in again["detail"]
    assert "land" not in steps_of(again["run_id"])


def test_what_a_command_refuses_is_its_detail(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTIME_RUN", "of a job")
    assert run("accept", "99999").exit_code == 1
    kept = last_run()
    assert (kept["command"], kept["outcome"], kept["detail"]) == (
        "accept 99999",
        "failed",
        "there is no file 99999",
    )
    assert kept["parent_run_id"] == "of a job"


def test_a_build_is_a_run_with_its_steps_and_what_it_published(project: ProjectCopy) -> None:
    """Takes a build: it looks at what the publication's own transaction wrote down."""
    run("load", "nycflights13", "--from", str(load(project, late=12)))
    built = project.build()
    assert built.code == 0, built.said
    kept = last_run()
    assert (kept["command"], kept["outcome"], kept["exit_code"]) == ("build", "succeeded", 0)
    steps = steps_of(kept["run_id"])
    assert steps.keys() == {"command", "compare", "read the project", "plan", "dbt build", "publish"}
    changed = dict(
        query("select subject, detail from ops.runs where step = 'publish' and run_id = %s", kept["run_id"])
    )
    assert changed["month_versions"].endswith("deleted")
    assert kept["row_count"] == sum(rows or 0 for _, _, rows in steps["publish"]) > 0
    assert f"published marts.month_versions: {changed['month_versions']}" in built.said

    # readers see it at once, and it is nothing that the next build would have to publish
    with session("reporter") as opened, opened.cursor() as cursor:
        cursor.execute(
            "select count(*), max(command) from marts.audit_runs where run_id = %s", [kept["run_id"]]
        )
        assert cursor.fetchall() == [(sum(map(len, steps.values())), "build")]
    before = published()
    assert "nothing new" in project.build().said
    assert steps_of(last_run()["run_id"]).keys() == {"command", "compare"}
    assert published() == before


def test_a_build_that_fails_and_one_that_has_to_wait(project: ProjectCopy) -> None:
    with session("transformer") as other, other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('ontime'), hashtext('build prod'))")
        assert project.build().code == 75
        assert (last_run()["outcome"], last_run()["next_command"]) == ("later", "ontime build")
        cursor.execute("select pg_advisory_unlock_all()")
    project.write("models/marts/core/dim_broken.sql", "select 1 as")
    try:
        assert project.build().code == 1
    finally:
        project.remove("models/marts/core/dim_broken.sql")
    assert (last_run()["outcome"], last_run()["exit_code"]) == ("failed", 1)


def test_a_plan_is_no_run(project: ProjectCopy) -> None:
    before = value("select count(*) from ops.runs")
    project.plan()
    assert value("select count(*) from ops.runs") == before


@contextmanager
def load_that_hangs(project: ProjectCopy, late: int, **environment: str) -> Iterator[Popen[str]]:
    """A load as a process of its own, which waits for somebody who holds the ledger."""
    file = load(project, late)
    with session("postgres") as holder, holder.cursor() as cursor:
        cursor.execute("begin; lock table raw_nycflights13.files in access exclusive mode")
        process = Popen(
            [*COMMAND, "load", "nycflights13", "--from", str(file)],
            env=os.environ | environment,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
        )
        try:
            wait_until(
                "select exists (select from ops.runs where outcome = 'running' and command like %s)",
                f"%{file.name}",
                while_running=[process],
            )
            yield process
        finally:
            process.kill()
            process.communicate()
            cursor.execute("rollback")


def test_a_killed_run_is_seen_by_the_next_command(project: ProjectCopy) -> None:
    with load_that_hangs(project, late=13) as process:
        # another command: what runs is left alone
        assert run("load", "bts", "--from", "/nowhere.csv").exit_code == 1
        assert value("select count(*) from ops.runs where outcome = 'running'") == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_until("select not exists (select from pg_locks where classid = hashtext('ontime run')::oid)")
    assert run("accept", "99999").exit_code == 1
    ((outcome, code, ended),) = query(
        "select outcome, exit_code, ended_at from ops.runs where command like 'load%%' and outcome = 'killed'"
    )
    assert (outcome, code, ended) == ("killed", None, None)
    shown = run("runs", "--failed")
    assert "killed" in shown.stdout
    assert run("load", "nycflights13", "--from", str(load(project, 13))).exit_code == 0


def test_a_run_that_is_asked_to_stop_says_so(project: ProjectCopy) -> None:
    with load_that_hangs(project, late=14) as process:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 143
        assert "is not recorded" not in said
    kept = last_run()
    assert (kept["outcome"], kept["exit_code"]) == ("stopped", 143)


def test_a_stop_in_the_moment_of_its_beginning_is_kept(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with session("transformer") as opened:
        opened.autocommit = True
        monkeypatch.setattr(lineage, "is_wanted", interrupt)
        with pytest.raises(KeyboardInterrupt), recorded(["run", "daily"], opened):
            raise AssertionError("it was stopped before")
    assert (last_run()["command"], last_run()["outcome"]) == ("run daily", "stopped")


def test_what_stops_a_command_cancels_all_but_its_record(project: ProjectCopy) -> None:
    """A cancelled record would say that the run was killed."""
    lock = "select pg_advisory_lock(13)"
    with session("postgres") as holder, session("transformer") as kept, session("loader") as others:
        holder.cursor().execute(lock)
        stopping.spare(kept)
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(opened.cursor().execute, lock) for opened in (kept, others)]
            wait_until("select count(*) = 2 from pg_locks where locktype = 'advisory' and not granted")
            stopping.cancel_statements()
            with pytest.raises(psycopg2.errors.QueryCanceled):
                waiting[1].result()
            holder.cursor().execute("select pg_advisory_unlock(13)")
            waiting[0].result()


def test_a_table_that_somebody_holds_keeps_no_command_waiting(project: ProjectCopy) -> None:
    with session("postgres") as holder, holder.cursor() as cursor:
        cursor.execute("set idle_in_transaction_session_timeout = '5min'")
        cursor.execute("begin; lock table ops.runs in access exclusive mode")
        done = run("load", "nycflights13", "--from", str(load(project, 15)))
        cursor.execute("rollback")  # it is still there to do so: nobody waited for its end
    assert done.exit_code == 0, done.output
    assert done.output.count("this run is not recorded: canceling statement due to lock timeout") == 1


def test_a_disk_that_is_full_fails_no_command(project: ProjectCopy) -> None:
    """As the server says it of a table that cannot grow."""
    query(
        """
        create function ops.full() returns trigger language plpgsql as $$
        begin
            raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
        end $$;
        create trigger is_full before insert on ops.runs for each row execute function ops.full();
        """
    )
    try:
        done = run("load", "nycflights13", "--from", str(load(project, 16)))
        built = project.build()
    finally:
        query("drop function ops.full cascade")
    assert done.exit_code == 0, done.output
    assert done.output.count("this run is not recorded: could not extend file: No space left on device") == 1
    # what it publishes could not be written either: nothing is published, and it says why
    assert built.code == 1
    assert "No space left on device" in built.said
    assert project.build().code == 0


def test_without_a_server_the_command_says_what_it_says() -> None:
    nowhere = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "u", "PGPASSWORD": "secret", "PGDATABASE": "d"}
    done = ontime("load", "nycflights13", **nowhere)
    assert done.returncode == 1
    assert "this run is not recorded: no connection to Postgres as loader" in done.stderr
    assert "error: no connection" in done.stderr or "error: " in done.stderr
    assert "secret" not in done.stderr


def test_what_roles_may_do_with_it(project: ProjectCopy) -> None:
    denied: dict[str, tuple[str, ...]] = {
        "loader": (
            "delete from ops.runs",
            "update ops.runs set command = 'x'",
            "truncate ops.runs",
            "drop table ops.runs",
            "create table ops.mine ()",
            "select * from ops.built_versions",
        ),
        "reporter": ("select * from ops.runs", "insert into ops.runs (run_id) values ('x')"),
    }
    for role, statements in denied.items():
        with session(role) as opened, opened.cursor() as cursor:  # type: ignore[arg-type]
            for statement in statements:
                with pytest.raises(psycopg2.errors.Error, match=r"permission denied|must be owner|read-only"):
                    cursor.execute(statement)


PUBLICATIONS = """
    drop table ops.runs;
    create table ops.publications (
        invocation_id text not null, published_at timestamptz not null default now(), relation text not null,
        change text not null
    );
    alter table ops.publications owner to transformer;
    insert into ops.publications values
        ('one', '2026-01-01 10:00Z', 'dim_dates', '3 rows inserted, 0 deleted'),
        ('two', '2026-01-02 10:00Z', 'agg_month', 'view replaced'),
        ('two', '2026-01-02 10:00Z', 'dim_dates', '1 rows inserted, 1 deleted');
"""


def as_an_older_version_left_it() -> None:
    query("drop schema past, marts_as_of_1 cascade")
    query("drop view marts.audit_runs; drop view marts__build.audit_runs cascade;" + PUBLICATIONS)


def brought() -> list[tuple[Any, ...]]:
    assert value("select to_regclass('ops.publications') is null")
    return query(
        "select run_id, step, subject, detail from ops.runs where run_id in ('one', 'two') order by step_no"
    )


BROUGHT = [
    ("one", "command", None, None),
    ("two", "command", None, None),
    ("one", "publish", "dim_dates", "3 rows inserted, 0 deleted"),
    ("two", "publish", "agg_month", "view replaced"),
    ("two", "publish", "dim_dates", "1 rows inserted, 1 deleted"),
]


def test_a_warehouse_of_before_opens(fresh_database: str, tmp_path: Path) -> None:
    """By `ontime up`, and by the next build; a load alone says what is missing. Takes two builds."""
    project = begin_with(SAMPLE, tmp_path)
    as_an_older_version_left_it()
    done = run("load", "nycflights13", "--from", str(load(project, 17)))
    assert done.exit_code == 0, done.output
    assert "this run is not recorded: there is no table ops.runs yet; ontime up makes it" in done.output
    assert "ontime up" in run("runs").output
    plain = project.dbt("build", "--target", "prod", "--select", "dim_dates")
    assert "Make it: ontime up" in plain.said
    built = project.build()
    assert built.code == 0, built.said
    assert brought() == BROUGHT
    assert last_run()["outcome"] == "succeeded"

    as_an_older_version_left_it()
    bootstrap()
    bootstrap()
    assert brought() == BROUGHT


def test_runs_are_shown_within_100_columns(project: ProjectCopy) -> None:
    run("load", "nycflights13", "--from", f"/nowhere/{'x' * 150}.csv")
    shown = run("runs", "--limit", "5")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("started (UTC)")
    assert "-> ontime load nycflights13 --from" in shown.stdout
    # csv has a line for each
    failed = run("runs", "--failed", "--limit", "2", "--format", "csv").stdout.splitlines()
    assert len(failed) == 3
    assert failed[0].startswith("run_id,parent_run_id,command,outcome")
    assert not [line for line in failed[1:] if ",succeeded," in line]


@dataclass
class Receiver:
    """Takes events of OpenLineage; `waits` seconds before it answers, with `status`."""

    waits: float = 0
    status: int = 201
    events: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def of(self, kind: str) -> dict[str, Any]:
        (found,) = (event for event in self.events if event["eventType"] == kind)
        return found


@contextmanager
def receiver(waits: float = 0, status: int = 201) -> Iterator[Receiver]:
    ours = Receiver(waits, status)
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ours.events.append(json.loads(body))
            is_over.wait(ours.waits)
            self.send_response(ours.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ours.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ours
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def datasets(event: dict[str, Any], which: str) -> dict[str, int | None]:
    """Names of the datasets of an event, each with its rows where they are told."""
    return {
        it["name"]: it.get("outputFacets", {}).get("outputStatistics", {}).get("rowCount")
        for it in event[which]
    }


def test_a_load_is_told_to_who_listens(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    file = load(project, late=18)
    with session("transformer") as opened, recorded(["run", "daily"], opened) as job, receiver() as listening:
        monkeypatch.setenv("ONTIME_RUN", job.run_id)
        monkeypatch.setenv("OPENLINEAGE_URL", listening.url)
        done = run("load", "nycflights13", "--from", str(file))
        monkeypatch.delenv("OPENLINEAGE_URL")
    assert done.exit_code == 0, done.output
    kept = last_run()
    started, ended = listening.of("START"), listening.of("COMPLETE")
    assert started["run"]["runId"] == ended["run"]["runId"] == kept["run_id"]
    assert kept["parent_run_id"] == job.run_id
    parent = ended["run"]["facets"]["parent"]
    assert (parent["run"]["runId"], parent["job"]["name"]) == (job.run_id, "run.daily")
    assert (ended["job"]["namespace"], ended["job"]["name"]) == ("ontime", "load.nycflights13")
    assert datasets(ended, "inputs") == {file.name: None}
    table = f"{os.environ['PGDATABASE']}.raw_nycflights13.flights"
    assert datasets(ended, "outputs") == {table: kept["row_count"]}
    assert ended["outputs"][0]["namespace"].startswith("postgres://")
    # once nobody is named, nobody hears
    run("load", "nycflights13", "--from", str(file))
    assert len(listening.events) == 2


def test_a_build_is_told_with_what_it_read_and_published(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.load(load(project, late=19))
    with receiver() as listening:
        monkeypatch.setenv("OPENLINEAGE_URL", listening.url)
        built = project.build()
    assert built.code == 0, built.said
    ended = listening.of("COMPLETE")
    database = os.environ["PGDATABASE"]
    assert f"{database}.raw_nycflights13.flights" in datasets(ended, "inputs")
    written = datasets(ended, "outputs")
    assert written.keys() == {
        f"{database}.marts.{mart}" for mart, _, _ in steps_of(last_run()["run_id"])["publish"]
    }
    assert written[f"{database}.marts.month_versions"]


def test_what_fails_is_told_without_secrets(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as listening:
        monkeypatch.setenv("OPENLINEAGE_URL", listening.url)
        monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-of-the-receiver")
        run("load", "bts", "--from", "ftp://user:hush@127.0.0.1/x.csv?token=hush")
        run("accept", "99999")
    sent = json.dumps(listening.events)
    assert {event["eventType"] for event in listening.events} == {"START", "FAIL"}
    assert "there is no file 99999" in sent
    assert "hush" not in sent
    assert "key-of-the-receiver" not in sent
    assert not query("select 1 from ops.runs where runs::text like '%%hush%%'")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("nobody is there", "events of OpenLineage were not delivered: "),
        ("slow", "events of OpenLineage were not delivered: the receiver did not take them within 1 s"),
        ("broken", "events of OpenLineage were not delivered: "),
        ("no address", "events of OpenLineage were not delivered: "),
    ],
)
def test_a_receiver_stops_no_command(
    project: ProjectCopy, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    if fault == "slow":
        monkeypatch.setattr(lineage, "SECONDS_AT_THE_END", 1.0)
    with receiver(waits=600 if fault == "slow" else 0, status=500) as listening:
        urls = {"nobody is there": NOTHING_LISTENS, "no address": "http://u:hush@[::bad"}
        monkeypatch.setenv("OPENLINEAGE_URL", urls.get(fault, listening.url))
        done = run("accept", "99999")
    assert done.exit_code == 1
    assert "error: there is no file 99999" in done.output
    assert done.output.count("OpenLineage") == 1
    assert said in done.output
    assert "hush" not in done.output
    assert "Traceback" not in done.output
    assert last_run()["detail"] == "there is no file 99999"


def test_without_a_listener_nothing_of_it_is_imported(project: ProjectCopy) -> None:
    asked = (
        "import sys; from cli.main import main\n"
        "try: main(['accept', '99999'])\n"
        "finally: print([name for name in ('openlineage', 'requests') if name in sys.modules])"
    )
    done = Popen([sys.executable, "-c", asked], stdout=PIPE, stderr=PIPE, text=True)
    out, _ = done.communicate(timeout=300)
    assert out.strip() == "[]"


def test_a_run_outlives_its_connection(project: ProjectCopy) -> None:
    """The server ends the session that records: the load says so, and the next command closes the run."""
    with load_that_hangs(project, late=20) as process:
        query("select pg_terminate_backend(pid) from pg_locks where classid = hashtext('ontime run')::oid")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 143
        assert said.count("this run is not recorded") == 1
    run("accept", "99999")
    assert not query("select from ops.runs where outcome = 'running'")
