"""A folder with a release: which files there are, and `datapackage.json`, which says what is in them.

datapackage.json          the last to be written; describes all others (Frictionless Data Package)
marts/fct_flights/2024-03.parquet, marts/dim_carriers.parquet
examples/                 how to read it
RELEASE_NOTES.md          what each export changed, the newest first
SHA256SUMS                the same checksums once more, for `sha256sum --check`
unfinished                only while an export goes on, or was killed
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from ingestion.errors import OntimeError

DESCRIPTION = "datapackage.json"
MARTS = "marts"
EXAMPLES = "examples"
NOTES = "RELEASE_NOTES.md"
SUMS = "SHA256SUMS"
UNFINISHED = "unfinished"

WRITER = "ontime export"
WHOLE = "all"
"""The period of a file of a mart that is not by month."""

OF_ITSELF = "sha256"
"""Where the description has the checksum of itself, without this line."""

Description = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A file of a mart. `period` is its month (`2024-03`), `none` of rows without one, or `all`.

    `checksum` is that of its rows as marts.audit_checksums computes it (cli/releases/contents.py).
    """

    path: str
    period: str
    rows: int
    bytes: int
    hash: str
    checksum: int

    @property
    def sha256(self) -> str:
        return self.hash.removeprefix("sha256:")


@dataclass(frozen=True)
class Wanted:
    """What an export is asked for; without names all marts, without months (`2013-01`) all months."""

    marts: tuple[str, ...] = ()
    months: tuple[str, ...] = ()

    def holds(self, other: "Wanted") -> bool:
        """Whether all that the other one asks for is asked for here."""
        return _holds(self.marts, other.marts) and _holds(self.months, other.months)

    def __str__(self) -> str:
        marts = " ".join(f"--marts {name}" for name in self.marts)
        months = " ".join(f"--months {month}" for month in self.months)
        return f"{marts} {months}".strip() or "all marts and months"


def _holds(mine: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return not mine or (bool(others) and set(others) <= set(mine))


def path_of(mart: str, period: str) -> str:
    return f"{MARTS}/{mart}.parquet" if period == WHOLE else f"{MARTS}/{mart}/{period}.parquet"


def period_of(month: date | None) -> str:
    return "none" if month is None else f"{month:%Y-%m}"


def read_description(folder: Path) -> Description | None:
    """What the folder says of itself; None where there is no such file. Raises OntimeError."""
    file = folder / DESCRIPTION
    try:
        text = file.read_text(encoding="utf-8")
        described = json.loads(text)
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise OntimeError(f"{file} cannot be read: {error}", "download it again, or export anew") from None
    if not isinstance(described, dict) or described.get("writer") != WRITER:
        raise OntimeError(f"{file} was not written by `{WRITER}`", "name another folder")
    return described


def describes_itself(described: Description) -> bool:
    """Whether the description is the one that was written, letter by letter."""
    return bool(described.get(OF_ITSELF) == checksum_of_itself(described))


def checksum_of_itself(described: Description) -> str:
    rest = {name: value for name, value in described.items() if name != OF_ITSELF}
    return hashlib.sha256(as_text(rest).encode()).hexdigest()


def as_text(described: Description) -> str:
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def pieces_of(described: Description | None) -> dict[str, dict[str, Piece]]:
    """The files by mart and period."""
    return {
        resource["name"]: {file["period"]: Piece(**file) for file in resource["files"]}
        for resource in (described or {}).get("resources", ())
    }


def resource_of(
    name: str, description: str, schema: Mapping[str, Any], pieces: list[Piece], contract: str
) -> Description:
    """A mart as Frictionless describes a table; `contract` is the checksum of what its files are to be."""
    paths = [piece.path for piece in pieces]
    resource: Description = {
        "name": name,
        "description": description,
        "path": paths[0] if len(paths) == 1 else paths,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": sum(piece.bytes for piece in pieces),
        "rows": sum(piece.rows for piece in pieces),
        "schema": schema,
        "contract": contract,
        "files": [asdict(piece) for piece in pieces],
    }
    if len(pieces) == 1:
        resource["hash"] = pieces[0].hash
    return resource


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_whole(file: Path, text: str) -> None:
    """Whole or not at all."""
    beside = file.with_name(f"{file.name}.unfinished")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def inside(folder: Path, path: str) -> Path:
    """The file of a description, which came with the folder: it names nothing outside. Raises OntimeError."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise OntimeError(f"{DESCRIPTION} names a file outside the folder: {path}", "do not use this copy")
    return folder / relative
