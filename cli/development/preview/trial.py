"""What the edits here change in today's data: tried out model by model, and compared with production.

What was edited is made anew in a temporary table of the session, from production's rows, and so is each model
that reads something that came out otherwise. What comes out equal ends there: production serves whoever reads
it. Nothing outlives the session, and no lock is held between two models.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import psycopg2
from psycopg2 import errors

from cli.building.build_plan import MARTS
from cli.building.build_state import State, differing, inputs, published_state
from cli.building.fingerprints import Fingerprints
from cli.development.preview.above import Production, is_ephemeral
from cli.development.preview.compiled import TRIED, compiled_for_trial
from cli.development.preview.history import settings
from cli.development.preview.messages import Message
from cli.development.preview.project import WarmProject
from cli.development.preview.sessions import trying
from cli.development.preview.trial_sql import SETTINGS, Compared, Side, compared, quote
from cli.development.production import is_mart, published_name
from ingestion import PROJECT
from ingestion.errors import LaterError, OntimeError

VERSIONS = ("int_months__versions", "int_files__versions", "int_editions__versions", "month_versions")
"""Which versions there are: tried too, but what reads them reads production's, whose ids its rows bear."""

CHECKSUMS = "audit_checksums"
"""A line per mart and month, of all rows: it takes longer than all else, and follows from what changed."""

LONGEST = 60
"""Seconds of one statement."""

KINDS = ("model", "seed")


class NotTriedError(Exception):
    """Why a model cannot be tried."""


@dataclass(frozen=True)
class Changed:
    """A model that comes out otherwise; `is_new`: production has none of it, `is_gone`: the code has not."""

    model: str
    is_published: bool
    rows_before: int = 0
    rows_after: int = 0
    columns: tuple[str, ...] = ()
    is_new: bool = False
    is_gone: bool = False


@dataclass
class Tried:
    """`edited` and why; what changed, in the order of the build; what came out equal; what was not tried."""

    edited: dict[str, str] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    not_tried: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Trial:
    """One trial, `seconds` long at most. `opened` is the session, for who wants to cancel it."""

    def __init__(self, project: WarmProject, seconds: float, send: Callable[[Message], None]) -> None:
        self.project, self.send = project, send
        self.opened: Any = None
        self.found = Tried()
        self._began = time.monotonic()
        self._seconds = seconds

    def answer(self) -> None:
        """Sends {tried}. Raises OntimeError."""
        with trying() as self.opened, self.opened.cursor() as cursor:
            if self.project.manifest is None:
                self.send({"said": "dbt reads the project; the first time, that takes a while"})
            self.project.refresh()
            if self.project.broken:
                raise self.project.explained(self.project.broken)
            cursor.execute(SETTINGS.format(seconds=LONGEST))
            state = published_state(cursor)
            if not isinstance(state, State):
                raise OntimeError(f"{state}, so there is nothing to compare with", "publish: ontime build")
            if differing(state.inputs, inputs(cursor)):
                self.send({"said": "files landed since the publication: what they change shows as well"})
            self._try_all(cursor, state)
            if published_state(cursor) != state:
                raise LaterError("production was published anew meanwhile", "repeat it: ontime impact")
        self.found.seconds = round(time.monotonic() - self._began, 1)
        self.send({"tried": asdict(self.found)})

    def _try_all(self, cursor: Any, state: State) -> None:
        production = Production.read(cursor, state)
        nodes = {uid: it for uid, it in self.project.manifest.nodes.items() if it.resource_type in KINDS}
        gone = [uid for uid in state.nodes if uid.split(".")[0] in KINDS and uid not in nodes]
        self.found.edited |= {uid.split(".")[-1]: "removed" for uid in gone}
        marts = {uid for uid in gone if f"{MARTS}.{uid.split('.')[-1]}" in production.relations}
        self.found.changed += [Changed(uid.split(".")[-1], uid in marts, is_gone=True) for uid in gone]
        walk = _Walk(self.project.manifest, nodes, production, cursor, self.found)
        order = walk.order()
        self.found.edited |= {nodes[uid].name: why for uid in order if (why := walk.edited(uid))}
        self.send({"edited": self.found.edited})
        for uid in order:
            if why := walk.why(uid):
                self.send({"trying": nodes[uid].name})  # ends the trial where the client has gone
                self._try(walk, uid, why)

    def _try(self, walk: "_Walk", uid: str, why: str) -> None:
        name = walk.nodes[uid].name
        try:
            if time.monotonic() - self._began > self._seconds:
                raise NotTriedError(f"{self._seconds:.0f} s were over")
            walk.try_out(uid, why)
        except NotTriedError as error:
            walk.doubtful.add(uid)
            self.found.not_tried[name] = str(error)


class _Walk:
    """The models one after the other. `other` are those that came out otherwise, `doubtful` are not known."""

    def __init__(
        self, manifest: Any, nodes: dict[str, Any], production: Production, cursor: Any, found: Tried
    ) -> None:
        self.manifest, self.nodes, self.production = manifest, nodes, production
        self.cursor, self.found = cursor, found
        self.fingerprints = Fingerprints(manifest)
        self.other: set[str] = set()
        self.doubtful: set[str] = set()
        self.tables: set[str] = set()

    def order(self) -> list[str]:
        """What reads others behind them."""
        return list(TopologicalSorter({uid: self._read_by(uid) for uid in self.nodes}).static_order())

    def edited(self, uid: str) -> str:
        """Why production has another code of it, or none; nothing where it has the same."""
        return self.production.why_not(self.nodes[uid], self.fingerprints)

    def why(self, uid: str) -> str:
        """Why a model has to be tried: edited, or it reads what came out otherwise; nothing if neither."""
        if own := self.found.edited.get(self.nodes[uid].name):
            return own
        above = next((it for it in self._read_by(uid) if it in self.other or it in self.doubtful), None)
        return f"reads {self.nodes[above].name}" if above else ""

    def try_out(self, uid: str, why: str) -> None:
        """Raises NotTriedError."""
        node = self.nodes[uid]
        if uid in self.production.touched and not is_mart(node):
            raise NotTriedError("built since the publication, so that production shows it no more")
        if doubtful := next((it for it in self._read_by(uid) if it in self.doubtful), None):
            raise NotTriedError(f"reads {self.nodes[doubtful].name}, which was not tried")
        if is_ephemeral(node):
            self.other.add(uid)  # its SQL becomes part of what reads it
            return
        if node.name == CHECKSUMS and node.name not in self.found.edited:
            self.found.changed.append(Changed(node.name, True, columns=("checksum",)))
            self.other.add(uid)
            return
        self._make(uid)
        if why in ("new", "not built"):
            self.found.changed.append(Changed(node.name, is_mart(node), is_new=True))
            self._keep(uid)
            return
        try:
            compared_with = Side.of(self.cursor, published_name(node), self._versions(node))
            result = compared(self.cursor, compared_with, Side.of(self.cursor, f"{TRIED}.{node.name}"))
        except psycopg2.Error as error:
            raise NotTriedError(_said(error)) from None
        self._judge(uid, result)

    def _judge(self, uid: str, result: Compared) -> None:
        node, name = self.nodes[uid], self.nodes[uid].name
        if not result.is_other:
            self.found.same.append(name)
            self.cursor.execute(f"drop table {TRIED}.{quote(name)}")
        elif name in VERSIONS:
            raise NotTriedError("other files, months or releases count: build it to see what they change")
        else:
            rows = (result.rows_before, result.rows_after)
            self.found.changed.append(Changed(name, is_mart(node), *rows, result.columns))
            self._keep(uid)

    def _keep(self, uid: str) -> None:
        self.other.add(uid)
        self.tables.add(uid)
        self.cursor.execute(f"analyze {TRIED}.{quote(self.nodes[uid].name)}")

    def _make(self, uid: str) -> None:
        """Its rows as the code has it, in a temporary table. Raises NotTriedError."""
        from dbt_common.exceptions import DbtBaseException

        node = self.nodes[uid]
        table = f"{TRIED}.{quote(node.name)}"
        try:
            if node.resource_type == "seed":
                self._copy_seed(node, table)
                return
            sql, hooks = compiled_for_trial(self.manifest, uid, self.tables, self.cursor.connection)
            making = [*hooks, f"create temporary table {quote(node.name)} as\n{sql}"]
            self.cursor.execute(
                ";\n".join(["begin", *making, "commit"])
            )  # for hooks that set something locally
        except DbtBaseException as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise NotTriedError(f"dbt cannot compile it: {' '.join(lines[:2])}") from None
        except psycopg2.Error as error:
            self.cursor.execute("rollback")
            raise NotTriedError(_said(error)) from None

    def _copy_seed(self, node: Any, table: str) -> None:
        """Its file, in the types that production has."""
        path = PROJECT / str(node.original_file_path)
        header = path.read_text(encoding="utf-8-sig").split("\n", 1)[0]
        columns = ", ".join(quote(name.strip(' "\r')) for name in header.split(","))
        self.cursor.execute(f"create temporary table {quote(node.name)} (like {quote(published_name(node))})")
        with path.open(encoding="utf-8-sig") as rows:
            self.cursor.copy_expert(
                f"copy {table} ({columns}) from stdin (format csv, header, force_null ({columns}))", rows
            )

    def _versions(self, node: Any) -> str:
        """Which rows of production count: of history, those of the versions that it is to have."""
        slices = settings(node).get("slice")
        if not slices:
            return "true"
        book = f"{node.schema}.int_{slices}s__versions"
        return f"version_id in (select version_id from {book} where model_name = '{node.name}')"

    def _read_by(self, uid: str) -> list[str]:
        read: Iterable[str] = getattr(self.nodes[uid].depends_on, "nodes", ())
        return [it for it in read if it in self.nodes and it != uid]


def _said(error: psycopg2.Error) -> str:
    if isinstance(error, errors.QueryCanceled):
        return f"it takes more than {LONGEST} s"
    return (error.diag.message_primary or str(error)).strip()
