"""`ontime check`: linters beside a build of the change in the own space, and what comes out otherwise."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cli.building.build_plan import Graph
from cli.building.failures import OWN_SPACE, failures_of, keep_failures
from cli.development.check import changes, tools
from cli.development.check.differences import Comparison, comparison
from cli.development.check.findings import Finding
from cli.development.check.tools import Tool, counted
from cli.development.space import production
from cli.development.space.build import Asked, Built, build_space, published_state
from cli.development.space.histories import name_of
from cli.development.space.names import own_space
from cli.development.space.selection import Chosen, descendants
from cli.server.connections import connection
from ingestion import PROJECT

AT_FIRST = "2"
"""The months of a space that a check begins: tests of the last two say most, and are there in seconds."""


@dataclass
class Report:
    """What is to be told, and how long it took."""

    findings: list[Finding] = field(default_factory=list)
    differences: list[Comparison] = field(default_factory=list)
    compared_with: str = ""
    months: str = ""
    seconds: float = 0.0
    built: Built | None = None

    @property
    def is_ok(self) -> bool:
        return not any(finding.is_failing for finding in self.findings)


def check(against: str, months: str, words: Sequence[str]) -> Report:
    """Compare with a revision of git, or without one with what is published."""
    began, space, running = time.monotonic(), own_space(), list[Tool]()
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        published_state(cursor)
        commit = changes.published_commit(cursor)
    files = changes.changed_files(against or changes.base_of(commit))
    running += [tool.start() for tool in tools.python_lint(files)]
    report = Report(compared_with=against or "what is published")

    def lint(graph: Graph, chosen: Chosen) -> None:
        """Files of nodes that a macro changed are linted as well: there its SQL is seen."""
        of_nodes = {graph.node(uid).original_file_path for uid in chosen.changed if graph.node(uid)}
        running.extend(tool.start() for tool in tools.sql_lint(sorted({*files, *of_nodes})))
        folder = production.state_folder(space, PROJECT) / "conventions"
        (folder / "target").mkdir(parents=True, exist_ok=True)
        graph.manifest.writable_manifest().write(str(folder / "target" / "manifest.json"))
        running.extend(tool.start() for tool in tools.conventions(folder))

    try:
        base = changes.state_at(against) if against else None
        asked = Asked(children=True, months=months, tests=True, months_at_first=AT_FIRST, base=base)
        built = build_space(asked, words, lint)
        report.built, report.months = built, str(built.months)
        report.findings += [tool.finding() for tool in running]
    finally:
        for tool in running:
            tool.stop()
    keep_failures(failures_of(built.results, OWN_SPACE, built.graph.manifest.nodes))
    report.findings += [*of_build(built), impact(built)]
    report.differences = compare(built)
    report.findings.append(of_differences(report.differences))
    if said := "" if against else changes.remark_on(commit):
        report.findings.append(
            Finding("production", "differs", said, remedy="git pull, then again: ontime check")
        )
    report.seconds = time.monotonic() - began
    return report


def of_build(built: Built) -> list[Finding]:
    """Models, unit tests and data tests, each in one line."""
    if built.failure:
        return [
            Finding("models", "failed", "dbt could not begin", details=tuple(built.failure.splitlines()[:12]))
        ]
    kinds = {"models": ("model", "seed"), "unit tests": ("unit_test",), "data tests": ("test",)}
    return [
        _of_results(name, [r for r in built.results if str(r.node.resource_type) in of])
        for name, of in kinds.items()
    ]


def _of_results(name: str, results: Sequence[Any]) -> Finding:
    seconds = sum(result.execution_time for result in results)
    statuses = Counter(str(result.status) for result in results)
    bad = [r for r in results if str(r.status) in ("error", "fail", "runtime error")]
    if not results:
        return Finding(name, "nothing", "none to run")
    others = {status: count for status, count in statuses.items() if status not in ("success", "pass")}
    said = counted(len(results), name.removesuffix("s"))
    said += "".join(f", {count} {status}" for status, count in others.items())
    if bad or "skipped" in statuses:
        details = tuple(line for result in bad[:8] for line in _told(result))
        return Finding(
            name,
            "failed",
            said,
            seconds,
            details,
            "look at it: ontime failures; mend it, then again: ontime check",
        )
    return Finding(name, "ok", said, seconds)


def _told(result: Any) -> list[str]:
    """The node, its file, and the first lines of what the database or the test says."""
    lines = [line.rstrip() for line in str(result.message or "").splitlines() if line.strip()]
    return [f"{result.node.name} ({result.node.original_file_path})", *(f"  {line}" for line in lines[:4])]


def impact(built: Built) -> Finding:
    """What reads the changed models, by dbt's graph: columns would take a compilation of the project."""
    graph, changed = built.graph, built.chosen.changed
    below = {*descendants(graph, changed), *changed}
    marts = sorted(
        name_of(uid) for uid in below if graph.node(uid) and graph.node(uid).config.schema == "marts"
    )
    readers = {child for uid in below for child in graph.children.get(uid, ())}
    exposures = sorted(name_of(uid) for uid in readers if uid.startswith("exposure."))
    if not changed:
        return Finding("impact", "nothing", "no model differs")
    said = f"{counted(len(changed), 'changed model')}, {counted(len(below - changed.keys()), 'model')} below"
    details = [f"marts: {', '.join(marts)}"] if marts else []
    details += [f"exposures: {', '.join(exposures)}"] if exposures else []
    return Finding("impact", "differs", said, details=tuple(details))


def compare(built: Built) -> list[Comparison]:
    """Each model of the change and below that is in the space: first what differs, then what was left out."""
    failed = {
        r.node.unique_id for r in built.results if str(r.status) not in ("success", "pass", "warn", "no-op")
    }
    limited = descendants(built.graph, _with_some_months(built))
    comparing = {uid for uid in limited if _meta(built.graph, uid).get("compares_months")}
    beyond = {*comparing, *descendants(built.graph, comparing)}
    seconds = {r.node.unique_id: r.execution_time for r in built.results}
    found = []
    with closing(connection("transformer").connect()) as opened:
        opened.set_session(readonly=True)
        for uid in sorted(built.chosen.subjects - failed, key=name_of):
            one = comparison(opened, built.graph, uid, built.months, limited, beyond)
            if one.kind != "view":
                one.seconds = seconds.get(uid)
            found.append(one)
    return sorted(found, key=lambda one: (not one.differs, not one.why_not))


def _with_some_months(built: Built) -> set[str]:
    """Histories of the space, and the marts by month that it reads, production's too."""
    graph, chosen = built.graph, built.chosen.nodes
    read = {parent for uid in chosen for parent in graph.parents.get(uid, ())}
    marts = {uid for uid in read if _meta(graph, uid).get("tested_by_month")}
    return marts | {uid for uid in chosen if graph.is_history(uid)}


def _meta(graph: Graph, uid: str) -> dict[str, Any]:
    node = graph.node(uid)
    return (node.config.meta or {}) if node else {}


def of_differences(differences: Sequence[Comparison]) -> Finding:
    """For people to judge: a change that is to change nothing is seen by it."""
    if not differences:
        return Finding("rows", "nothing", "nothing to compare")
    differing = [one for one in differences if one.differs]
    unknown = [one for one in differences if one.why_not]
    said = f"{len(differing)} of {counted(len(differences), 'model')} differ from production"
    said += f", {len(unknown)} not compared" if unknown else ""
    return Finding("rows", "differs" if differing else "ok", said)
