"""`ontime dev build`: what differs from production, and what was named, into the own space."""

from argparse import Namespace
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from psycopg2 import sql

from cli.building import build_state
from cli.building.build import build_lock, has_results, invoke_dbt, parse_project, state_of
from cli.building.build_plan import Graph, changed_nodes
from cli.building.build_state import Cursor, State
from cli.console import note
from cli.development.production import is_mart, published_name, relations_there
from cli.development.space import books, contents, months, production, selection
from cli.development.space.contents import Note
from cli.development.space.months import Months
from cli.development.space.names import TARGET, Space, own_space
from cli.development.space.selection import Chosen
from cli.runs.record import Run, recorded
from cli.server.connections import Connection, connection
from ingestion import PROJECT
from ingestion.errors import LaterError, OntimeError
from ingestion.landing.raw_schema import prepare
from ingestion.sources import SOURCES

ALL_MONTHS = "all"


@dataclass(frozen=True)
class Asked:
    """What a build of a space is asked for; `names` of models, `name+` with its readers."""

    names: tuple[str, ...] = ()
    children: bool = False
    months: str = ""
    tests: bool = False
    months_at_first: str = ""  # where the space is empty and none are asked for
    base: State | None = None  # what differs from it is named, instead of what differs from what is published


@dataclass
class Built:
    """What became of it: dbt's results of the nodes that ran; `nodes` are all that the space is to have."""

    space: Space
    graph: Graph
    published: State
    chosen: Chosen
    months: Months
    runs: frozenset[str]
    results: list[Any] = field(default_factory=list)
    failure: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.failure and all(
            str(result.status) in ("success", "pass", "warn") for result in self.results
        )


def build_space(
    asked: Asked, words: Sequence[str], before: Callable[[Graph, Chosen], None] | None = None
) -> Built:
    """Build, and note what was built. `before` is called when it is known what there is to build.

    Raises OntimeError where nothing is published, LaterError where another build of the same space runs.
    """
    space, transformer = own_space(), connection("transformer")
    with space.named(), build_lock(transformer, space.prefix) as lock:
        if not lock.is_held:
            raise LaterError(f"another build of {space.prefix}_* is running", "try again when it is through")
        with recorded(words, lock.session) as run:
            built = _build(asked, space, transformer, run, before)
            run.exit_code = 0 if built.is_ok else 1
            run.detail = f"{space.prefix}_*: {len(built.runs)} nodes, {built.months}"
            return built


def _build(
    asked: Asked,
    space: Space,
    transformer: Connection,
    run: Run,
    before: Callable[[Graph, Chosen], None] | None,
) -> Built:
    with closing(transformer.connect()) as opened, opened, opened.cursor() as cursor:
        published = published_state(cursor)
    prepare(connection("loader").as_psycopg2(), SOURCES.values(), note)
    note("reading the project")
    with run.step("read the project"):
        graph = Graph(parse_project(Namespace(target="prod", vars=""), transformer))
    with run.step("plan"), closing(transformer.connect()) as opened, opened, opened.cursor() as cursor:
        contents.make_schemas(cursor, space)
        plan = _plan(cursor, asked, space, graph, published)
        arguments = _make_ready(cursor, space, graph, plan)
    built = Built(space, graph, published, plan.chosen, plan.months, frozenset(plan.runs))
    _say(built, plan)
    if before:
        before(graph, plan.chosen)
    if not plan.runs | plan.tests:
        return built
    production.move_into(graph, space)
    for command, nodes in _commands(graph, plan):
        selected = [*graph.selection(nodes, f"{TARGET}_{command}"), *arguments]
        with run.step(f"dbt {command}"):
            outcome = invoke_dbt(TARGET, selected, transformer, graph.manifest, command)
        if not has_results(outcome):
            built.failure = str(outcome.exception)
            return built
        built.results += [it for it in outcome.result.results if it.node.resource_type != "operation"]
    with closing(transformer.connect()) as opened, opened, opened.cursor() as cursor:
        contents.write_notes(cursor, space, _notes(built, plan))
    return built


def _commands(graph: Graph, plan: "Plan") -> Iterator[tuple[str, frozenset[str]]]:
    """Commands of dbt with the nodes of each."""
    alone = graph.unit_tests_alone(plan.runs | plan.tests)
    if not plan.runs:
        yield "test", plan.tests
        return
    yield "build", plan.runs | plan.tests - alone
    if alone:
        yield "test", alone


@dataclass(frozen=True)
class Plan:
    """`runs` are the chosen nodes that do not stand in the space already."""

    chosen: Chosen
    months: Months
    runs: frozenset[str]
    tests: frozenset[str]
    now: State
    base: str


def published_state(cursor: Cursor) -> State:
    """Raises OntimeError where there is none that a space could take the rest from."""
    published = build_state.published_state(cursor)
    if isinstance(published, str):
        raise OntimeError(f"nothing to take the rest from: {published}", "publish first: ontime build")
    return published


def _plan(cursor: Cursor, asked: Asked, space: Space, graph: Graph, published: State) -> Plan:
    now = state_of(graph, Namespace(vars=""), cursor)
    differing = changed_nodes(graph, asked.base or published, now)
    changed = selection.of_models(changed_nodes(graph, published, now))
    named, with_readers = selection.named_nodes(graph, asked.names)
    if asked.base:
        named = [*named, *selection.of_models(differing)]
        changed = changed if named else {}
    if asked.children:
        with_readers = named or list(changed)
    known = contents.notes(cursor, space)
    there = [uid for uid in known if uid in graph.manifest.nodes]
    chosen = selection.choose(graph, changed, named, with_children=with_readers, there=there)
    months_asked = asked.months or (_months_of(known) if known else asked.months_at_first)
    if months_asked == ALL_MONTHS:
        months_asked = ""
    wanted = months.months_to_build(graph, chosen.nodes, months.asked_months(cursor, months_asked))
    base = contents.base_of(published)
    stands = standing(graph, chosen.nodes, known, now, base, str(wanted))
    runs = chosen.nodes - stands
    tests = selection.tests_of(graph, chosen.subjects, differing) if asked.tests else frozenset()
    return Plan(chosen, wanted, runs, tests, now, base)


def standing(
    graph: Graph, chosen: Collection[str], known: Mapping[str, Note], now: State, base: str, months: str
) -> set[str]:
    """The nodes that the space has as they are to be: of this code, of what they read, of these months."""

    @cache
    def stands(uid: str) -> bool:
        noted, reads = known.get(uid), reads_of(graph, uid, chosen)
        if noted is None or not noted.is_there or set(noted.reads) != reads:
            return False
        if (noted.logic, noted.base, noted.months) != (now.nodes[uid].logic, base, months):
            return False
        return all(stands(read) and known[read].built_at <= noted.built_at for read in reads)

    return {uid for uid in chosen if stands(uid)}


def reads_of(graph: Graph, unique_id: str, chosen: Collection[str]) -> frozenset[str]:
    """Which chosen nodes a node reads, by way of ephemeral ones too."""
    found = set[str]()
    for parent in graph.parents.get(unique_id, ()):
        if graph.materialized(parent) == "ephemeral":
            found |= reads_of(graph, parent, chosen)
        elif parent in chosen:
            found.add(parent)
    return frozenset(found)


def _make_ready(cursor: Cursor, space: Space, graph: Graph, plan: Plan) -> list[str]:
    """Make room for what is built anew, and say where the rest is. Returns arguments of dbt."""
    relations = {uid: production.moved_name(graph.node(uid), space) for uid in plan.chosen.nodes}
    contents.refuse_dependents(cursor, space, [relations[uid] for uid in plan.runs])
    contents.forget(cursor, space, plan.runs)
    histories = [uid for uid in plan.runs if graph.is_history(uid)]
    for uid in histories:
        cursor.execute(
            sql.SQL("drop table if exists {} cascade").format(sql.Identifier(*relations[uid].split(".")))
        )
    books.forget_versions(cursor, space, [graph.node(uid).name for uid in histories])
    books.keep_books(cursor, space, graph, plan.chosen.nodes, plan.months)
    there = relations_there(cursor)
    elsewhere = production.copies(space)
    elsewhere |= {graph.node(uid).name: relations[uid].split(".")[0] for uid in plan.chosen.nodes}
    if plan.months.asked:
        marts = marts_by_month(graph, plan.runs | plan.tests, plan.chosen.nodes, there)
        books.limit_marts(cursor, space, marts, plan.months)
        elsewhere |= dict.fromkeys(marts, space.schema("production"))
    return production.write_manifest(graph, production.state_folder(space, PROJECT), there, elsewhere)


def marts_by_month(
    graph: Graph, readers: Iterable[str], chosen: Collection[str], there: Collection[str]
) -> dict[str, str]:
    """Production's marts that are read, and have a column of months: its name, by theirs."""
    found = {}
    for uid in {parent for reader in readers for parent in graph.parents.get(reader, ())} - set(chosen):
        node = graph.node(uid)
        column = node and (node.config.meta or {}).get("tested_by_month")
        if column and is_mart(node) and published_name(node) in there:
            found[str(node.name)] = str(column)
    return found


def _months_of(known: Mapping[str, Note]) -> str:
    """The months of the space as it is, in the words in which one asks for them."""
    newest = max(known.values(), key=lambda noted: noted.built_at, default=None)
    return "" if newest is None or newest.months == str(Months()) else newest.months


def _notes(built: Built, plan: Plan) -> Iterator[dict[str, Any]]:
    for result in built.results:
        uid = result.node.unique_id
        if uid in plan.runs and str(result.status) == "success":
            yield {
                "unique_id": uid,
                "relation": f"{result.node.schema}.{result.node.alias}",
                "logic": plan.now.nodes[uid].logic,
                "base": plan.base,
                "months": str(plan.months),
                "reads": sorted(reads_of(built.graph, uid, plan.chosen.nodes)),
                "seconds": round(result.execution_time, 3),
            }


def _say(built: Built, plan: Plan) -> None:
    """What is built and why, and what is not."""
    if not plan.chosen.nodes:
        note("nothing differs from what is published; to build a model all the same, name it")
        return
    stands = len(plan.chosen.nodes) - len(plan.runs)
    note(
        f"{len(plan.runs)} models into {built.space.prefix}_*, {built.months}"
        f"{f'; {stands} stand there already' if stands else ''}; all else is production's"
    )
    for uid, why in sorted(plan.chosen.changed.items())[:MOST_SAID]:
        note(f"  {uid.split('.')[-1]} {why}")
    if len(plan.chosen.changed) > MOST_SAID:
        note(f"  and {len(plan.chosen.changed) - MOST_SAID} more differ from what is published")


MOST_SAID = 8
