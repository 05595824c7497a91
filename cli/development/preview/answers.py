"""From a question to its rows: read the project, see what was edited, compile, ask, count."""

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2

from cli.building.build_state import State, published_state
from cli.building.fingerprints import Fingerprints
from cli.development.preview.above import Above, Production, above
from cli.development.preview.compiled import Compiled, compiled, with_nodes
from cli.development.preview.counts import counts
from cli.development.preview.history import Chosen, choose, current_months
from cli.development.preview.messages import Message, Question
from cli.development.preview.project import WarmProject
from cli.development.preview.sessions import reading
from cli.development.preview.statement import Statement, explained
from cli.development.preview.words import DbtError, unknown
from cli.development.production import published_name
from cli.questions.query import answer

Send = Callable[[Message], None]

BATCH = 500


class Answering:
    """One question, answered message by message. `opened` is the session, for who wants to cancel it."""

    def __init__(self, project: WarmProject, question: Question, send: Send) -> None:
        self.project, self.question, self.send = project, question, send
        self.opened: Any = None
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def answer(self) -> None:
        """Raises OntimeError."""
        with reading() as self.opened:
            if self.project.manifest is None:
                self.send({"said": "dbt reads the project; the first time, that takes a while"})
            self.project.refresh()
            self._lap("read")
            self._answer_as_read()

    def _answer_as_read(self) -> None:
        manifest = self._manifest()
        uid = find_model(self.question.model, manifest)
        node = manifest.nodes[uid]
        self._raise_if_it_is_broken(node)
        fingerprints = Fingerprints(manifest)
        with self.opened.cursor() as cursor:
            state = published_state(cursor)
            production = Production.read(cursor, state)
            found = above(uid, manifest.nodes, production, fingerprints)
            current = current_months(cursor, schema_of_history(manifest))
        chosen = choose(uid, manifest.nodes, found.compiled_in, current, self.question.months)
        made = self._compiled(manifest, uid, found, chosen)
        self._lap("compile")
        asked = Statement.of(made, self.question, chosen)
        self._send_rows(asked, self._facts(node, production, fingerprints, found, chosen))
        if self.question.is_counted:
            counted = counts(self.opened, asked, production, chosen)
            self._lap("count")
            self.send({"count": counted, "seconds": self.seconds})

    def _manifest(self) -> Any:
        edited = self.project.edited_since_read()
        return self.project.manifest if not edited else with_nodes(self.project.manifest, edited)

    def _raise_if_it_is_broken(self, node: Any) -> None:
        broken = self.project.broken
        if broken and broken.path == node.original_file_path:
            raise self.project.explained(broken)

    def _compiled(self, manifest: Any, uid: str, found: Above, chosen: Chosen) -> Compiled:
        from dbt_common.exceptions import DbtBaseException

        node = manifest.nodes[uid]
        if node.resource_type == "seed":
            return Compiled(node, f"select * from {published_name(node)}", manifest, ())
        try:
            return compiled(manifest, uid, found.compiled_in, chosen)
        except DbtBaseException as error:
            raise self.project.explained(DbtError(str(error))) from None

    def _send_rows(self, asked: Statement, facts: Message) -> None:
        try:
            found = answer(self.opened, asked.sql)
            first = list(islice(found.rows, min(BATCH, self.question.limit)))
            self._lap("rows")
            columns = [list(pair) for pair in zip(found.names, found.types, strict=True)]
            self.send({"columns": columns, "facts": facts, "seconds": self.seconds})
            left, batch = self.question.limit, first
            while batch:
                self.send({"rows": batch})
                left -= len(batch)
                batch = list(islice(found.rows, min(BATCH, left)))
            self.send({"rows_end": True, "is_more": next(found.rows, None) is not None})
        except psycopg2.Error as error:
            raise explained(error, asked, self.opened) from None

    def _facts(
        self, node: Any, production: Production, fingerprints: Fingerprints, found: Above, chosen: Chosen
    ) -> Message:
        nodes = self.project.manifest.nodes
        return {
            "model": node.name,
            "path": node.original_file_path,
            "why": production.why_not(node, fingerprints),
            "unknown": "" if isinstance(production.state, State) else production.state,
            "compiled_in": {nodes[uid].name: why for uid, why in found.compiled_in.items()},
            "as_published": {nodes[uid].name: why for uid, why in found.as_published.items()},
            "months": [f"{month:%Y-%m}" for month in chosen.of_model],
            "other_months": chosen.others,
            "newest_files": chosen.files and not chosen.all_files,
            "broken": self.project.explained(self.project.broken).message if self.project.broken else "",
        }

    def _lap(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = round(now - self._began, 3)
        self._began = now


def find_model(name: str, manifest: Any) -> str:
    """The unique_id of a model or seed, by its name or its file."""
    nodes = {
        node.name: uid for uid, node in manifest.nodes.items() if node.resource_type in ("model", "seed")
    }
    known = Path(name).stem if name.endswith((".sql", ".csv")) else name
    if known not in nodes:
        raise unknown("model", known, nodes, "see what there is: docs/marts.md, or models/")
    return str(nodes[known])


def schema_of_history(manifest: Any) -> str:
    """Where production keeps history."""
    project = manifest.metadata.project_name
    versions = manifest.nodes.get(f"model.{project}.int_months__versions")
    return str(versions.schema) if versions else "intermediate"
