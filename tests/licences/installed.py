"""The licences of what is locked and installed, as packages state them, against licences.toml."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from tests.projects import PROJECT

RULES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("licences.toml").read_text())
ALLOWED = {*RULES["allowed"], *RULES["allowed_unchanged"]}


@dataclass(frozen=True)
class Package:
    """`licence` is an expression of SPDX, as far as the package has one; `refused` what is not allowed."""

    name: str
    version: str
    licence: str
    refused: tuple[str, ...]


def locked() -> set[str]:
    """The names of all packages that requirements/*.txt lock."""
    files = PROJECT.joinpath("requirements").glob("*.txt")
    return {
        name for file in files for name in re.findall(r"(?m)^([a-z0-9._-]+)(?:\[.*\])?==", file.read_text())
    }


def packages(folder: Path) -> list[Package]:
    """What an environment has of them in its folder of packages, by name."""
    names = locked()
    found = (_package(it) for it in distributions(path=[str(folder)]) if _name(it) in names)
    return sorted(found, key=lambda package: package.name)


def _package(distribution: Distribution) -> Package:
    name = _name(distribution)
    decided = RULES["packages"].get(name)
    licence = decided["licence"] if decided else " AND ".join(_stated(distribution)) or "says nothing"
    # of "A OR B" both have to be allowed, or licences.toml says which one we take
    parts = re.split(r"\s+(?:AND|OR|WITH)\s+", licence.replace("(", " ").replace(")", " ").strip())
    return Package(
        name, distribution.version, licence, tuple(part for part in parts if part.strip() not in ALLOWED)
    )


def _stated(distribution: Distribution) -> Iterator[str]:
    """The expression if there is one, else what the classifiers say, else the old field."""
    metadata = distribution.metadata
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    expression, field = (metadata.get_all(name) or [""] for name in ("License-Expression", "License"))
    for text in expression if expression[0] else classifiers or field:
        if known := RULES["written"].get(text.strip(), text.strip()):
            yield known


def _name(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
