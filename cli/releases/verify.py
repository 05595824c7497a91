"""`ontime verify`: proves a copy of a release by what it says of itself, without a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from cli.releases.contents import content_of
from cli.releases.package import (
    DESCRIPTION,
    MARTS,
    UNFINISHED,
    Description,
    Piece,
    describes_itself,
    inside,
    pieces_of,
    read_description,
    sha256_of,
)
from cli.releases.schema import frictionless_type
from ingestion.errors import OntimeError


@dataclass(frozen=True)
class Fault:
    """A file, and what does not fit."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


@dataclass(frozen=True)
class Verified:
    """How much was looked at, and what is wrong with it."""

    files: int
    rows: int
    faults: tuple[Fault, ...]


def verify(folder: Path) -> Verified:
    """Look at every file. Raises OntimeError where there is no finished release."""
    if (folder / UNFINISHED).exists():
        raise OntimeError(
            f"{folder} is unfinished: an export of it goes on, or was killed",
            f"complete it with: ontime export {folder}",
        )
    described = read_description(folder)
    if described is None:
        raise OntimeError(
            f"{folder} has no {DESCRIPTION}, hence is no release", "name a folder that `ontime export` wrote"
        )
    pieces = [piece for of_mart in pieces_of(described).values() for piece in of_mart.values()]
    return Verified(len(pieces), sum(piece.rows for piece in pieces), tuple(_faults(folder, described)))


def _faults(folder: Path, described: Description) -> Iterator[Fault]:
    if not describes_itself(described):
        yield Fault(DESCRIPTION, "is not as it was written")
    for path, checksum in described.get("documents", {}).items():
        file = inside(folder, path)
        if not file.is_file():
            yield Fault(path, "is missing")
        elif sha256_of(file) != checksum:
            yield Fault(path, "its sha256 does not fit")
    known = set()
    for resource in described["resources"]:
        fields = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
        for file_described in resource["files"]:
            piece = Piece(**file_described)
            known.add(piece.path)
            yield from _faults_of(inside(folder, piece.path), piece, fields)
    for file in sorted(path for path in (folder / MARTS).rglob("*") if path.is_file()):
        if (path := file.relative_to(folder).as_posix()) not in known:
            yield Fault(path, f"is not in {DESCRIPTION}")


def _faults_of(file: Path, piece: Piece, fields: list[tuple[str, str]]) -> Iterator[Fault]:
    if not file.is_file():
        yield Fault(piece.path, "is missing")
        return
    if (size := file.stat().st_size) != piece.bytes:
        yield Fault(piece.path, f"has {size:,} bytes, not {piece.bytes:,}")
    if sha256_of(file) != piece.sha256:
        yield Fault(piece.path, "its sha256 does not fit")
    try:
        schema = pyarrow.parquet.read_schema(file)
        if (found := [(field.name, frictionless_type(field.type)) for field in schema]) != fields:
            yield Fault(piece.path, _difference(found, fields))
        content = content_of(file)
    except (OSError, pa.ArrowException) as error:
        yield Fault(piece.path, f"cannot be read: {str(error).splitlines()[0]}")
        return
    if content.rows != piece.rows:
        yield Fault(piece.path, f"has {content.rows:,} rows, not {piece.rows:,}")
    if content.checksum != piece.checksum:
        yield Fault(piece.path, f"its rows add up to {content.checksum}, not {piece.checksum}")


def _difference(found: list[tuple[str, str]], promised: list[tuple[str, str]]) -> str:
    missing = [name for name, kind in promised if (name, kind) not in found]
    strange = [name for name, kind in found if (name, kind) not in promised]
    parts = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(strange)}"] * bool(strange)
    return f"its columns do not fit: {'; '.join(parts) or 'they stand in another order'}"
