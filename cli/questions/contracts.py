"""What marts promise: description, columns with types and units, keys, as their YAML and the glossary say.

    contract = contract_of("agg_carrier_month")     # OntimeError with the nearest that exists
    contract.column("on_time_pct").unit             # percent

Takes neither dbt nor a server.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cli.console import nearest
from cli.questions.glossary import glossary
from cli.questions.keys import keys_in
from cli.questions.units import unit_of
from ingestion import PROJECT
from ingestion.errors import OntimeError

FOLDERS = ("models/marts", "models/audit")

_DOC = re.compile(r"""\{\{\s*doc\(["'](\w+)["']\)\s*\}\}""")
_REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True)
class Column:
    """A column: `data_type` is Postgres's; `refers_to` names mart and column that have each of its values."""

    name: str
    data_type: str
    description: str
    is_required: bool
    refers_to: tuple[str, str] | None

    @property
    def unit(self) -> str:
        return unit_of(self.name, self.data_type)


@dataclass(frozen=True)
class Contract:
    """A published mart. `month` names the column by which it is divided, and is empty where it is one piece.

    A local mart says something of this server alone, or is computed when it is read.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    month: str
    is_local: bool

    @property
    def grain(self) -> str:
        """The first sentence: what is one row."""
        return self.description.partition(". ")[0].rstrip(".")

    def column(self, name: str) -> Column:
        """Raises OntimeError with the nearest that exists."""
        for column in self.columns:
            if column.name == name:
                return column
        names = [column.name for column in self.columns]
        raise OntimeError(
            f"marts.{self.name} has no column `{name}`", nearest(name, names) or f"it has {', '.join(names)}"
        )


def contract_of(name: str, project: Path = PROJECT) -> Contract:
    """The contract of one mart. Raises OntimeError with the nearest that exists."""
    known = contracts(project)
    if name not in known:
        raise OntimeError(
            f"there is no mart `{name}`", nearest(name, known) or f"there are {', '.join(known)}"
        )
    return known[name]


@cache
def contracts(project: Path = PROJECT) -> dict[str, Contract]:
    """All marts by name."""
    found = (_contract(described) for described in _described(project))
    return {contract.name: contract for contract in sorted(found, key=lambda contract: contract.name)}


def _described(project: Path) -> Iterator[dict[str, Any]]:
    for folder in FOLDERS:
        for path in sorted((project / folder).rglob("*.yml")):
            read = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
            yield from read.get("models") or ()


def _contract(described: dict[str, Any]) -> Contract:
    meta = (described.get("config") or {}).get("meta") or {}
    keys = keys_in(described)
    return Contract(
        described["name"],
        _text(described["description"]),
        tuple(_column(column) for column in described["columns"]),
        keys[0] if keys else (),
        str(meta.get("tested_by_month", "")),
        bool(meta.get("is_local")),
    )


def _column(described: dict[str, Any]) -> Column:
    constraints = {constraint["type"] for constraint in described.get("constraints") or ()}
    return Column(
        described["name"],
        described["data_type"],
        _text(described["description"]),
        bool(constraints & {"not_null", "primary_key"}),
        next(_references(described), None),
    )


def _references(described: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for test in described.get("data_tests") or ():
        given = test.get("relationships") if isinstance(test, dict) else None
        if given:
            arguments = given["arguments"]
            found = _REF.search(arguments["to"])
            if found:
                yield found[1], arguments["field"]


def _text(description: str) -> str:
    """On one line, and with the glossary's words in the place of their names."""
    return " ".join(_DOC.sub(lambda found: glossary()[found[1]], description).split())
