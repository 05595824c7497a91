"""`ontime export`: published marts as files that need no server, of one moment, described and proved.

Repeated, it writes what changed. A file stays when the server says the same of its rows as the description
does, and its bytes are those that were written. What was killed leaves the file `unfinished`, and the next
export keeps of its files those that it can prove.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from cli.questions.arrow import parquet_writer
from cli.questions.contracts import Contract, contract_of, contracts
from cli.releases.contents import Content, content_of
from cli.releases.marts import Marts, opened_marts
from cli.releases.notes import Change, changes, with_release
from cli.releases.package import (
    DESCRIPTION,
    EXAMPLES,
    MARTS,
    NOTES,
    OF_ITSELF,
    SUMS,
    UNFINISHED,
    WHOLE,
    WRITER,
    Description,
    Piece,
    Wanted,
    as_text,
    checksum_of_itself,
    describes_itself,
    path_of,
    period_of,
    pieces_of,
    read_description,
    resource_of,
    sha256_of,
    write_whole,
)
from cli.releases.schema import arrow_schema, frictionless_schema
from cli.releases.sources import sources_of
from cli.runs.release import release
from ingestion import PROJECT
from ingestion.errors import LaterError, OntimeError
from ingestion.sources.bts import months_of

TEMPLATES = Path(__file__).with_name("examples")
LIKED = ("agg_carrier_month", "fct_flights")
"""Marts that examples read, if they are there."""

Say = Callable[[str], None]
Pieces = dict[str, dict[str, Piece]]


@dataclass(frozen=True)
class Exported:
    """What an export did: `written` are paths; `changes` is empty where the folder was right already."""

    written: tuple[str, ...]
    kept: int
    changes: tuple[Change, ...]
    rows: int
    bytes: int


def export(folder: Path, wanted: Wanted, say: Say) -> Exported:
    """Bring a folder to what is published. Raises OntimeError; then it is unfinished, and can be repeated."""
    try:
        with _claimed(folder), opened_marts() as marts:
            before = _trusted(read_description(folder), say)
            _check_selection(folder, before, wanted)
            writing = _Writing(folder, marts, before, say)
            for contract in _chosen(wanted, marts, say):
                writing.add(contract, wanted)
            return writing.finished(wanted)
    except OSError as error:
        raise OntimeError(
            f"{folder}: {error.strerror or error}", "mend that, or name another folder"
        ) from None


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """The folder is ours alone, and unfinished until the block ends. Raises OntimeError for a foreign one."""
    if folder.exists() and not folder.is_dir():
        raise OntimeError(f"{folder} is a file", "name a folder")
    marker = folder / UNFINISHED
    is_new = not folder.is_dir() or not any(folder.iterdir())
    if not is_new and not marker.is_file() and read_description(folder) is None:
        strange = sorted(path.name for path in folder.iterdir())
        raise OntimeError(
            f"{folder} holds something else: {', '.join(strange[:3])}{' ...' if strange[3:] else ''}",
            "name an empty folder, or one that `ontime export` wrote",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaterError(f"another export writes to {folder}", "wait until it has ended") from None
        try:
            yield
        except OntimeError:
            if not (folder / MARTS).exists() and not (folder / DESCRIPTION).exists():
                marker.unlink()  # nothing was begun
            raise
        marker.unlink()


def _trusted(before: Description | None, say: Say) -> Description | None:
    if before is None or describes_itself(before):
        return before
    say(f"{DESCRIPTION} is not as it was written: every file is looked at anew")
    return None


def _check_selection(folder: Path, before: Description | None, wanted: Wanted) -> None:
    """What a folder has is not taken away because somebody asked for less."""
    if before and not wanted.holds(has := _wanted_of(before)):
        raise OntimeError(
            f"{folder} has {has}, and would lose some of it",
            "ask for that and more, or name another folder",
        )


def _wanted_of(described: Description) -> Wanted:
    return Wanted(tuple(described["selection"]["marts"]), tuple(described["selection"]["months"]))


def _chosen(wanted: Wanted, marts: Marts, say: Say) -> list[Contract]:
    """The marts to export: all that are published and say something that holds elsewhere, or those named."""
    if not wanted.marts:
        described = [contract for contract in contracts().values() if not contract.is_local]
        for contract in described:
            if contract.name not in marts.published:
                say(f"{contract.name} is not published yet and left out")
        return [contract for contract in described if contract.name in marts.published]
    found = [contract_of(name) for name in dict.fromkeys(wanted.marts)]
    for contract in found:
        if contract.is_local:
            raise OntimeError(f"{contract.name} speaks of this server alone", "leave it out")
        if contract.name not in marts.published:
            raise OntimeError(f"{contract.name} is not published yet", "ontime build")
    return found


class _Writing:
    """A release as it comes to be in a folder."""

    def __init__(self, folder: Path, marts: Marts, before: Description | None, say: Say) -> None:
        self._folder, self._marts, self._before, self._say = folder, marts, before, say
        self._old = pieces_of(before)
        self._old_contracts = {it["name"]: it["contract"] for it in (before or {}).get("resources", ())}
        self._new: Pieces = {}
        self._resources: list[Description] = []
        self._written: list[str] = []

    def add(self, contract: Contract, wanted: Wanted) -> None:
        """Bring the files of a mart to what is published."""
        schema, described = arrow_schema(contract), frictionless_schema(contract)
        promise = _checksum_of_promise(contract, schema, described)
        pieces = []
        written = len(self._written)
        for period, month, content in self._periods(contract, wanted):
            piece = self._kept(contract.name, period, content, promise, schema)
            if piece is None:
                reading = self._marts.batches(contract, month, period == WHOLE, schema)
                batches = iter(()) if content == Content() else reading
                piece = self._write(contract, period, content, batches, schema)
            pieces.append(piece)
        self._new[contract.name] = {piece.period: piece for piece in pieces}
        self._resources.append(resource_of(contract.name, contract.description, described, pieces, promise))
        if count := len(self._written) - written:
            self._say(f"{contract.name}: {count} of {len(pieces)} files written")

    def finished(self, wanted: Wanted) -> Exported:
        """Take away what is there no longer, and describe what is; the description comes last."""
        paths = {piece.path for pieces in self._new.values() for piece in pieces.values()}
        if self._marts_folder.is_dir():
            for file in sorted(path for path in self._marts_folder.rglob("*") if path.is_file()):
                if file.relative_to(self._folder).as_posix() not in paths:
                    file.unlink()
        changed = changes(self._old, self._new)
        described = self._description(wanted)
        if not self._is_as_before(described):
            self._write_what_describes(described, changed)
        pieces = [piece for of_mart in self._new.values() for piece in of_mart.values()]
        return Exported(
            tuple(self._written),
            len(pieces) - len(self._written),
            tuple(changed),
            sum(piece.rows for piece in pieces),
            sum(piece.bytes for piece in pieces),
        )

    @property
    def _marts_folder(self) -> Path:
        return self._folder / MARTS

    def _periods(
        self, contract: Contract, wanted: Wanted
    ) -> Iterator[tuple[str, date | None, Content | None]]:
        """Each piece with its month; a mart that has no rows is one piece, so that its columns are there."""
        months = list(months_of(wanted.months)) if wanted.months and contract.month else []
        found = self._marts.contents(contract, months)
        if not found or not contract.month:
            yield WHOLE, None, found.get(None, Content())
            return
        for month, content in found.items():
            yield period_of(month), month, content

    def _kept(
        self, mart: str, period: str, content: Content | None, promise: str, schema: pa.Schema
    ) -> Piece | None:
        """The piece that is there already, if it is right; without a checksum of the server nobody knows."""
        file = self._folder / path_of(mart, period)
        if content is None or not file.is_file():
            return None
        old = self._old.get(mart, {}).get(period)
        if old and self._old_contracts[mart] == promise and _says(old, content):
            if sha256_of(file) == old.sha256:
                return old
            self._say(f"{old.path} is not as it was written, and is written anew")
            return None
        try:  # what an export that was killed had written
            is_right = _schema_of(file).equals(schema, check_metadata=True) and content_of(file) == content
        except (OSError, pa.ArrowException):
            return None
        return _piece(self._folder, mart, period, content.rows, content.checksum) if is_right else None

    def _write(
        self,
        contract: Contract,
        period: str,
        content: Content | None,
        batches: Iterator[pa.RecordBatch],
        schema: pa.Schema,
    ) -> Piece:
        path = path_of(contract.name, period)
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        order = pyarrow.parquet.SortingColumn.from_ordering(
            schema, [(name, "ascending") for name in contract.key]
        )
        came = Content()
        with parquet_writer(file, schema, compression="zstd", sorting_columns=order) as write:
            for batch in batches:
                write(batch)
                came = came.with_rows(batch)
            if content not in (None, came):
                raise OntimeError(
                    f"{path} would say {came}, and marts.audit_checksums says {content}",
                    "report this: both were read in one transaction",
                )
        self._written.append(path)
        return _piece(self._folder, contract.name, period, came.rows, came.checksum)

    def _description(self, wanted: Wanted) -> Description:
        sources = sources_of(self._marts.sources())
        licences = {licence["name"]: licence for source in sources for licence in source["licenses"]}
        return {
            "profile": "data-package",
            "name": "ontime",
            "title": "On-time performance of US airlines",
            "writer": WRITER,
            "version": release(PROJECT),
            "created": self._marts.taken_at,
            "publication": self._marts.publication,
            "selection": {"marts": list(wanted.marts), "months": list(wanted.months)},
            "licenses": [licences[name] for name in sorted(licences)],
            "sources": sources,
            "resources": self._resources,
        }

    def _is_as_before(self, described: Description) -> bool:
        """Whether the folder says all of it already: of an export that finished, in whatever moment."""
        if self._before is None:
            return False
        of_the_moment = ("created", "publication", "version", "documents", OF_ITSELF)
        new, old = (
            {name: value for name, value in it.items() if name not in of_the_moment}
            for it in (described, self._before)
        )
        documents = self._before["documents"]
        return (
            _as_read(new) == old
            and all(
                (self._folder / path).is_file() and sha256_of(self._folder / path) == documents[path]
                for path in documents
            )
            and {path for path in documents if path.startswith(EXAMPLES)} == set(self._examples())
        )

    def _write_what_describes(self, described: Description, changed: list[Change]) -> None:
        (self._folder / EXAMPLES).mkdir(exist_ok=True)
        documents = self._examples()
        notes = self._folder / NOTES
        # an export that was killed may have written its notes already
        kept = notes.read_text(encoding="utf-8") if notes.is_file() else ""
        documents[NOTES] = with_release(_of_finished(kept, self._before), described["created"], changed)
        sums = {piece.path: piece.sha256 for of_mart in self._new.values() for piece in of_mart.values()}
        sums |= {path: hashlib.sha256(text.encode()).hexdigest() for path, text in documents.items()}
        documents[SUMS] = "".join(f"{checksum}  {path}\n" for path, checksum in sorted(sums.items()))
        for path, text in documents.items():
            write_whole(self._folder / path, text)
        described["documents"] = {
            path: hashlib.sha256(text.encode()).hexdigest() for path, text in documents.items()
        }
        described[OF_ITSELF] = checksum_of_itself(described)
        write_whole(self._folder / DESCRIPTION, as_text(described))

    def _examples(self) -> dict[str, str]:
        """Each example's path and text, of a mart that is there."""
        mart = next((name for name in LIKED if name in self._new), next(iter(self._new)))
        month = contract_of(mart).month
        some = next(iter(self._new[mart].values())).path
        files = f"{MARTS}/{mart}/*.parquet" if month and WHOLE not in self._new[mart] else some
        by = contract_of(mart).key[-1]
        return {
            f"{EXAMPLES}/{file.stem}": Template(file.read_text(encoding="utf-8")).substitute(
                mart=mart, files=files, by=by
            )
            for file in sorted(TEMPLATES.glob("*.template"))
        }


def _of_finished(notes: str, before: Description | None) -> str:
    """The notes of releases that were finished; without one there are none."""
    if before is None:
        return ""
    head, mark, rest = notes.partition(f"## {before['created']}")
    return f"{mark}{rest}" if mark else head


def _says(piece: Piece, content: Content) -> bool:
    return (piece.rows, piece.checksum) == (content.rows, content.checksum)


def _piece(folder: Path, mart: str, period: str, rows: int, checksum: int) -> Piece:
    path = path_of(mart, period)
    file = folder / path
    return Piece(path, period, rows, file.stat().st_size, f"sha256:{sha256_of(file)}", checksum)


def _schema_of(file: Path) -> pa.Schema:
    schema: pa.Schema = pyarrow.parquet.read_schema(file)
    return schema


def _checksum_of_promise(contract: Contract, schema: pa.Schema, described: Description) -> str:
    """Of all that decides what a file is besides its rows: types, order, descriptions."""
    promise = [described, [str(kind) for kind in schema.types], contract.description, contract.month]
    return hashlib.sha256(json.dumps(promise, sort_keys=True).encode()).hexdigest()


def _as_read(described: Description) -> Any:
    """As it is after it was written and read."""
    return json.loads(json.dumps(described))
