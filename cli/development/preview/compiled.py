"""A model's SQL as it would read production now, with what was edited above compiled in.

dbt does it: a copy of its manifest calls the models to compile in `ephemeral`, and finds marts where readers
find them. Two macros that ask which versions are missing give way to those in macros.sql. Nothing of dbt is
used here but `Compiler.compile_node`, as sqlfluff's templater does; tests hold it.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.building.build_plan import MARTS
from cli.development.preview.above import is_ephemeral, reachable
from cli.development.preview.history import Chosen
from cli.development.preview.places import marked, place_of
from cli.development.production import is_mart

MACROS = Path(__file__).with_name("macros.sql")
MACROS_OF_TRIALS = Path(__file__).with_name("trial_macros.sql")
TRIED = "pg_temp"
"""The schema of a session's own tables, where a trial (trial.py) has what it tried."""

_MACRO = re.compile(r"{% macro (\w+)\(.*?{%-? endmacro %}", re.DOTALL)
_BODY = re.compile(r"{%-? macro .*?%}(.*){%-? endmacro -?%}", re.DOTALL)


@dataclass(frozen=True)
class Compiled:
    """The SQL of a model, and what is needed to say where something in it comes from."""

    node: Any
    sql: str
    manifest: Any
    written_in: tuple[str, ...]

    def place(self, position: int) -> tuple[Any, int] | None:
        """The node, and the line of its file, that wrote the character at `position` (from 0) of the SQL."""
        nodes = {}
        for uid in self.written_in:
            node = copy(self.manifest.nodes[uid])
            node.raw_code = marked(node.raw_code, node.name)
            nodes[uid] = node
        manifest = with_nodes(self.manifest, nodes)
        found = place_of(self.sql, position, compile_node(manifest, self.node.unique_id))
        if found is None:
            return None
        name, line = found
        return next(node for node in nodes.values() if node.name == name), line


def compiled(manifest: Any, unique_id: str, compiled_in: Iterable[str], chosen: Chosen) -> Compiled:
    """Raises dbt's own errors."""
    names = set(compiled_in)
    reads = reachable(unique_id, manifest.nodes, names)
    nodes = {}
    for uid in (unique_id, *reads):
        node = copy(manifest.nodes[uid])
        if uid in names:
            node.config = copy(node.config)
            node.config.materialized = "ephemeral"
        elif uid != unique_id and is_mart(node):
            node.schema = MARTS
        nodes[uid] = node
    working = with_nodes(manifest, nodes)
    working.macros = {**manifest.macros, **_macros_of_previews(manifest, names, chosen)}
    working._macros_by_name = working._macros_by_package = None  # what dbt remembers of the others
    written_in = (unique_id, *(uid for uid, node in nodes.items() if is_ephemeral(node)))
    return Compiled(nodes[unique_id], compile_node(working, unique_id), working, written_in)


def compiled_for_trial(
    manifest: Any, unique_id: str, tried: Collection[str], opened: Any
) -> tuple[str, list[str]]:
    """The SQL of a model that reads what was tried from the session's own tables, all else from production.

    Of history, all versions that production has. With it the statements that come before, the model's hooks.
    What macros ask, they ask in the session `opened`, which has the tables. Raises dbt's own errors.
    """
    nodes = {}
    for uid in reachable(unique_id, manifest.nodes, ()):
        node = copy(manifest.nodes[uid])
        node.schema = TRIED if uid in tried else MARTS if is_mart(node) else node.schema
        nodes[uid] = node
    working = with_nodes(manifest, nodes)
    working.macros = {**manifest.macros, **_macros_instead(manifest, MACROS_OF_TRIALS)}
    working._macros_by_name = working._macros_by_package = None  # what dbt remembers of the others
    node = working.nodes[unique_id]
    hooks = [
        compile_node(with_nodes(working, {unique_id: _as_code(node, it.sql)}), unique_id, opened)
        for it in node.config.pre_hook
    ]
    return compile_node(working, unique_id, opened), [it for it in hooks if it.strip()]


def _as_code(node: Any, code: str) -> Any:
    """A node with other code, for dbt to compile that."""
    made = copy(node)
    made.raw_code = code
    return made


def with_nodes(manifest: Any, nodes: Mapping[str, Any]) -> Any:
    """The manifest with some nodes replaced, for dbt and for macros that read the graph; a copy."""
    changed = _shallow_copy(manifest)
    changed.nodes = {**manifest.nodes, **nodes}
    graph = {uid: node.to_dict(omit_none=False) for uid, node in nodes.items()}
    changed.flat_graph = {**manifest.flat_graph, "nodes": {**manifest.flat_graph["nodes"], **graph}}
    return changed


def compile_node(manifest: Any, unique_id: str, opened: Any = None) -> str:
    """The SQL of a node. What the manifest holds of it stays as it was; `opened` is a session for macros."""
    from dbt.adapters.factory import get_adapter_by_type
    from dbt.compilation import Compiler

    manifest = _shallow_copy(manifest)
    manifest.nodes = {uid: _not_compiled(node) for uid, node in manifest.nodes.items()}
    adapter = get_adapter_by_type("postgres")  # type: ignore[no-untyped-call]
    adapter.set_macro_resolver(manifest)
    with _as_while_dbt_compiles(), _session_of(adapter, opened):
        compiler = Compiler(adapter.config)
        return str(compiler.compile_node(manifest.nodes[unique_id], manifest, write=False).compiled_code)


@contextmanager
def _session_of(adapter: Any, opened: Any) -> Iterator[None]:
    """What macros ask, they ask in this session, or without one in a session of dbt's own."""
    if opened is None:
        with adapter.connection_named("preview"):
            yield
        return
    from dbt.adapters.contracts.connection import Connection, ConnectionState, Identifier

    credentials = adapter.config.credentials
    connections = adapter.connections
    connections.clear_thread_connection()
    given = Connection(Identifier("postgres"), "trial", credentials, ConnectionState.OPEN, handle=opened)
    connections.set_thread_connection(given)
    with opened.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = on")
        try:
            yield
        finally:
            connections.clear_thread_connection()
            cursor.execute("set default_transaction_read_only = off")


def _shallow_copy(manifest: Any) -> Any:
    """Of dbt's manifest, which `copy.copy` mixes up: its `__reduce_ex__` leaves fields out."""
    made = object.__new__(type(manifest))
    vars(made).update(vars(manifest))
    return made


def _not_compiled(node: Any) -> Any:
    """A copy that dbt can compile, for it writes down in a node what it made of it."""
    if node.resource_type != "model":
        return node
    fresh = copy(node)
    fresh.depends_on = deepcopy(node.depends_on)
    fresh.compiled, fresh.compiled_code, fresh.extra_ctes_injected, fresh.extra_ctes = False, None, False, []
    return fresh


class _as_while_dbt_compiles:  # noqa: N801 - reads as what it does
    """Macros see the flags of `dbt compile`: the last command here was `parse`, which asks no database."""

    FLAGS = {"INTROSPECT": True, "EMPTY": False, "WHICH": "compile"}  # noqa: RUF012 - never changed

    def __enter__(self) -> None:
        from dbt.flags import get_flags

        for name, value in self.FLAGS.items():
            object.__setattr__(get_flags(), name, value)  # type: ignore[no-untyped-call]

    def __exit__(self, *_: object) -> None:
        from dbt.adapters.factory import cleanup_connections

        cleanup_connections()  # type: ignore[no-untyped-call]


def _macros_of_previews(manifest: Any, compiled_in: set[str], chosen: Chosen) -> dict[str, Any]:
    words = json.dumps(
        {**asdict(chosen), "compiled_in": [uid.split(".")[-1] for uid in compiled_in]}, default=str
    )
    return _macros_instead(manifest, MACROS, words)


def _macros_instead(manifest: Any, path: Path, words: str = "") -> dict[str, Any]:
    """The macros of a file instead of those of their name; `words` take the place of CHOSEN."""
    project = manifest.metadata.project_name
    found = {}
    for text in _MACRO.finditer(path.read_text(encoding="utf-8")):
        uid = f"macro.{project}.{text[1]}"
        ours = copy(manifest.macros[uid])
        body = _BODY.search(ours.macro_sql)
        assert body, uid
        ours.macro_sql = text[0].replace("CHOSEN", words).replace("IS_CURRENT", body[1])
        found[uid] = ours
    return found
