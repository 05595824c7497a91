"""Which column is made of which, through the whole project, from the SQL that dbt compiles.

    lineage = column_lineage()
    lineage.values["agg_carrier_month", "on_time_pct"]   # the columns that it is computed of
    lineage.steers["agg_carrier_month", "*"]             # those that only decide which rows there are
    lineage.unknown                                      # what the SQL does not say, and why

Models and seeds go by their names, tables of sources as `bts.dataexpo`. Takes no server: dbt compiles without
one. The result is kept in target/columns until a file of the project changes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from sqlglot.errors import SqlglotError

from cli.building.build_plan import MARTS
from cli.building.build_state import digest, environment, project_digest
from cli.console import note
from cli.development.relations import ROWS, Column, Origin, Relation
from cli.development.sql_columns import read_query
from cli.questions.keys import keys_of
from cli.server.connections import connection
from cli.server.files import locked
from ingestion import PROJECT
from ingestion.errors import OntimeError

Manifest = Mapping[str, Any]
"""dbt's manifest.json."""

FOLDER = Path("target", "columns")

FORM = 1
"""Of what is kept; another one is not read."""

WITHOUT_SERVER = ("--no-introspect", "--no-populate-cache")


@dataclass(frozen=True, order=True)
class Unknown:
    """What cannot be read off the SQL of a model: of a column, or of `*`, its rows or anything in it.

    `asks` names what a macro reads of while the model is built.
    """

    model: str
    column: str
    why: str
    asks: str = ""


@dataclass
class Lineage:
    """Columns of a project and what they are made of; ROWS (`*`) in the place of a column are the rows.

    `values[column]` are the upstream columns that a column is computed of. `steers[column]` are those that
    only decide: where, group by, joins, order by with limit. What steers `(model, "*")` steers all columns of
    the model. `reads[test]` are the columns that a data test looks at, by its unique_id.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[Column, frozenset[Column]] = field(default_factory=dict)
    steers: dict[Column, frozenset[Column]] = field(default_factory=dict)
    reads: dict[str, frozenset[Column]] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()


def column_lineage(project: Path = PROJECT) -> tuple[Lineage, Manifest]:
    """The lineage of the project as it stands, and dbt's manifest with the compiled SQL.

    Raises OntimeError when dbt cannot compile the project.
    """
    folder = project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):  # who asks meanwhile would read half of what dbt writes
        return _column_lineage(project, folder)


def _column_lineage(project: Path, folder: Path) -> tuple[Lineage, Manifest]:
    kept, manifest = folder / "lineage.json", folder / "manifest.json"
    fingerprint = digest(project_digest(project), json.dumps(environment(project, "")), f"form {FORM}")
    if (found := _kept(kept, fingerprint)) is not None and manifest.exists():
        return found, json.loads(manifest.read_text())
    note("reading the columns of the project, once after each edit")
    kept.unlink(missing_ok=True)  # killed from here on, the manifest would be of other code
    compile_project(project, folder)
    compiled = json.loads(manifest.read_text())
    lineage = lineage_of(compiled)
    _keep(kept, fingerprint, lineage)
    return lineage, compiled


def compile_project(project: Path, folder: Path) -> None:
    """Let dbt write its manifest, with all SQL compiled for target prod, to a folder. Needs no server."""
    folder.mkdir(parents=True, exist_ok=True)
    parsed = project / "target" / "partial_parse.msgpack"
    if parsed.exists() and not (folder / parsed.name).exists():
        shutil.copy(parsed, folder)
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--target", "prod"]
    places = ["--target-path", str(folder), "--log-path", str(folder)]
    done = subprocess.run(
        [*command, *places, *WITHOUT_SERVER],
        cwd=project,
        env=os.environ | server_variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OntimeError(f"dbt cannot compile the project:\n{done.stdout.strip()}", "mend that, and repeat")


def server_variables() -> dict[str, str]:
    """The server of builds: for another one dbt reads the project anew. Nobody where there is none yet."""
    try:
        return connection("transformer").environment()
    except OntimeError:
        return {"PGHOST": "127.0.0.1", "PGPORT": "9"}  # the port of `discard`; it is not asked


def lineage_of(manifest: Manifest) -> Lineage:
    """From a manifest whose nodes are compiled."""
    names = names_of(manifest)
    nodes = {uid: node for uid, node in _nodes(manifest).items() if uid in names}
    keys = keys_of(manifest)
    lineage, unknown = Lineage(), list[Unknown]()
    relations = {
        # what readers see now; a change has reached it when all is built
        f"{MARTS}.{node['alias']}": Relation.of(f"{MARTS}.{node['alias']}", node["columns"])
        for node in nodes.values()
        if node.get("access") == "public"
    }
    for uid in _in_order(nodes):
        node, name = nodes[uid], names[uid]
        read, doubts = _read(node, relations)
        unknown += [Unknown(name, column, why) for column, why in doubts]
        unknown += _left_out(uid, node, read, names)
        known = list(read.columns)
        if node["resource_type"] == "model" and read.open:
            known += [column for column in node["columns"] if column not in read.columns]
            unknown.append(Unknown(name, ROWS, f"takes all columns of {', '.join(sorted(read.open))}"))
        lineage.columns[name] = tuple(known)
        _add(lineage, name, known, read)
        is_open = node["resource_type"] == "source"
        derived = (*read.keys, *keys.get(uid, ()))
        for written in (f"{node['schema']}.{node.get('alias') or node['identifier']}", name):
            relations[written] = Relation.of(name, None if is_open else known, derived)
    for uid, node in manifest["nodes"].items():
        if node["resource_type"] == "test":
            read, doubts = _read(node, relations)
            found = frozenset().union(*(origin.all for origin in read.columns.values()), read.rows)
            lineage.reads[uid] = found
            unknown += [Unknown(node["name"], column, why) for column, why in doubts]
    lineage.unknown = tuple(sorted(set(unknown)))
    return lineage


def names_of(manifest: Manifest) -> dict[str, str]:
    """What models, seeds and tables of sources are called, by unique_id."""
    nodes = manifest["nodes"].values()
    named = {it["unique_id"]: it["name"] for it in nodes if it["resource_type"] in ("model", "seed")}
    sources = manifest["sources"].values()
    return named | {it["unique_id"]: f"{it['source_name']}.{it['name']}" for it in sources}


def _nodes(manifest: Manifest) -> dict[str, Any]:
    return {**manifest["sources"], **manifest["nodes"]}


def _in_order(nodes: Mapping[str, Any]) -> Iterable[str]:
    above = {
        uid: [it for it in node.get("depends_on", {}).get("nodes", ()) if it in nodes]
        for uid, node in nodes.items()
    }
    return TopologicalSorter(above).static_order()


def _read(node: Mapping[str, Any], relations: Mapping[str, Relation]) -> tuple[Relation, Sequence[Any]]:
    """What a node shows; of a seed the columns of its file, of a source nothing is known."""
    if node["resource_type"] == "seed":
        path = Path(node["root_path"] or PROJECT, node["original_file_path"])
        header = path.read_text(encoding="utf-8-sig").split("\n", 1)[0]
        return Relation({name.strip(' "\r'): Origin() for name in header.split(",")}), ()
    if node["resource_type"] == "source":
        return Relation({}), ()
    if not node.get("compiled_code"):
        return Relation({}), [(ROWS, "dbt did not compile it")]
    try:
        return read_query(node["compiled_code"], relations)
    except (SqlglotError, RecursionError) as error:
        said = str(error).split("\n", 1)[0]
        return Relation(dict.fromkeys(node["columns"], Origin())), [
            (ROWS, f"its SQL cannot be parsed: {said}")
        ]


def _left_out(
    uid: str, node: Mapping[str, Any], read: Relation, names: Mapping[str, str]
) -> Iterable[Unknown]:
    """What a model depends on and its SQL does not read: dbt or a macro asks it while it is built."""
    found = {name for origin in read.columns.values() for name, _ in origin.all}
    found |= {name for name, _ in read.rows}
    for above in node.get("depends_on", {}).get("nodes", ()):
        if above in names and names[above] not in found and above != uid:
            yield Unknown(names[uid], ROWS, f"asks {names[above]} while it is built", names[above])


def _add(lineage: Lineage, name: str, columns: Iterable[str], read: Relation) -> None:
    for column in columns:
        origin = read.find(column) or Origin()
        lineage.values[name, column] = origin.values
        if steers := origin.steers - origin.values:
            lineage.steers[name, column] = steers
    lineage.steers[name, ROWS] = read.rows


def _keep(path: Path, fingerprint: str, lineage: Lineage) -> None:
    def listed(edges: Mapping[Any, frozenset[Column]]) -> list[Any]:
        return [[key, sorted(edges[key])] for key in sorted(edges)]

    text = json.dumps(
        {
            "fingerprint": fingerprint,
            "columns": lineage.columns,
            "values": listed(lineage.values),
            "steers": listed(lineage.steers),
            "reads": listed(lineage.reads),
            "unknown": [[it.model, it.column, it.why, it.asks] for it in lineage.unknown],
        }
    )
    written = path.with_suffix(".unfinished")
    written.write_text(text)
    written.replace(path)  # whole or not at all


def _kept(path: Path, fingerprint: str) -> Lineage | None:
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if kept.get("fingerprint") != fingerprint:
        return None

    def columns(pairs: Iterable[Sequence[str]]) -> frozenset[Column]:
        return frozenset((name, column) for name, column in pairs)

    return Lineage(
        columns={name: tuple(found) for name, found in kept["columns"].items()},
        values={(key[0], key[1]): columns(pairs) for key, pairs in kept["values"]},
        steers={(key[0], key[1]): columns(pairs) for key, pairs in kept["steers"]},
        reads={uid: columns(pairs) for uid, pairs in kept["reads"]},
        unknown=tuple(Unknown(*parts) for parts in kept["unknown"]),
    )
