"""The project as dbt reads it, kept in this process and read again where a file of it changed.

dbt keeps what it read in a folder of its own below the state folder: builds of another target, which read all
anew, do not disturb it. A file that dbt cannot read does not hinder: what was read last stays, with the code
of models as it stands now.
"""

import os
import re
import shutil
from copy import copy
from pathlib import Path
from typing import Any

from cli.building.build_state import project_files
from cli.building.lighter_dbt import make_dbt_lighter
from cli.development.preview.saved import Snapshot, snapshot
from cli.development.preview.words import DbtError
from ingestion import PROJECT
from ingestion.errors import OntimeError

TARGET = "prod"
KEPT = "partial_parse.msgpack"

_QUOTED_WORD = re.compile(r"""['"](\w+)['"]""")
_REMEDY = "mend that, and preview again"


class WarmProject:
    """dbt's manifest, good for the files as they are. `target_path` is where dbt keeps what it read."""

    def __init__(self, target_path: Path) -> None:
        self.target_path = target_path
        self.manifest: Any = None
        self.broken: DbtError | None = None
        self._read: Snapshot = {}
        make_dbt_lighter()
        _begin_with_what_a_build_read(target_path)

    def refresh(self) -> None:
        """Read what changed. Raises OntimeError where dbt cannot read the project and never could."""
        now = snapshot()
        if now == self._read and (self.manifest is not None):
            return
        from dbt.cli.main import dbtRunner

        command = ["--log-level", "none", "--log-level-file", "none", "--no-write-json", "parse"]
        outcome = dbtRunner().invoke([*command, "--target", TARGET, "--target-path", str(self.target_path)])
        if outcome.success and outcome.exception is None:
            self.manifest, self.broken = outcome.result, None
        else:
            self.broken = DbtError(str(outcome.exception))
            self.manifest = self.manifest or self._read_before()
            if self.manifest is None:
                raise self.explained(self.broken)
        self._read = now

    def explained(self, error: DbtError) -> OntimeError:
        if self.manifest is None:
            models = [path.stem for path in project_files(PROJECT) if path.suffix in (".sql", ".csv")]
            return error.explained(PROJECT, models, [], _REMEDY)
        nodes = self.manifest.nodes.values()
        names = [node.name for node in nodes if node.resource_type in ("model", "seed")]
        names += [source.name for source in self.manifest.sources.values()]
        macros = [macro.name for macro in self.manifest.macros.values()]
        return error.explained(PROJECT, names, macros, _REMEDY)

    def edited_since_read(self) -> dict[str, Any]:
        """Where dbt cannot read the project: copies of models whose code is another one now."""
        if self.broken is None:
            return {}
        models = {
            n.name: uid for uid, n in self.manifest.nodes.items() if n.resource_type in ("model", "seed")
        }
        found = {}
        for uid in models.values():
            node = self.manifest.nodes[uid]
            path = PROJECT / node.original_file_path
            if node.resource_type != "model" or not path.exists():
                continue
            code = path.read_text(encoding="utf-8").strip()
            if code != node.raw_code:
                edited = copy(node)
                edited.raw_code = code
                edited.depends_on = copy(node.depends_on)
                read = [models[word] for word in _QUOTED_WORD.findall(code) if word in models]
                edited.depends_on.nodes = list(dict.fromkeys([*node.depends_on.nodes, *read]))
                found[uid] = edited
        return found

    def semantic_manifest(self) -> str:
        """The path of the metrics' definitions, written anew. OntimeError for a project that is broken."""
        from dbt.parser.manifest import write_semantic_manifest

        self.refresh()
        if self.broken:
            raise self.explained(self.broken)
        write_semantic_manifest(self.manifest, str(self.target_path))
        return str(self.target_path / "semantic_manifest.json")

    def _read_before(self) -> Any:
        """What an earlier process read, or None."""
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        try:
            kept = (self.target_path / KEPT).read_bytes()
            manifest = Manifest.from_msgpack(kept, decoder=extended_mashumuro_decoder)
        except Exception:  # of another version of dbt, or none
            return None
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        return manifest


def _begin_with_what_a_build_read(target_path: Path) -> None:
    """A build leaves what dbt read; dbt sees itself whether it fits."""
    target_path.mkdir(parents=True, exist_ok=True)
    ours, theirs = target_path / KEPT, Path(os.environ.get("DBT_TARGET_PATH") or PROJECT / "target") / KEPT
    if theirs.exists() and not ours.exists():
        shutil.copyfile(theirs, ours)
