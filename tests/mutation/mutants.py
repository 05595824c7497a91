"""The list of mutants (mutants.yml): mistakes that people make in models, each as one change of one file."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

LIST = Path(__file__).with_name("mutants.yml")

LAYERS = ("staging", "intermediate", "marts", "audit", "macros")


@dataclass(frozen=True)
class Mutant:
    """A mistake: in `file`, the one place of `before` becomes `after`.

    `survives` says why no test can notice it, or none should. A `control` means the same as the original: it
    has to survive, else it is the tool that notices something.
    """

    name: str
    layer: str
    kind: str
    file: str
    before: str
    after: str
    survives: str | None = None
    control: bool = False

    def places(self, project: Path) -> int:
        """How often `before` stands in the file."""
        return (project / self.file).read_text().count(self.before)


def read_mutants(path: Path = LIST) -> list[Mutant]:
    """All mutants of a list, in its order. Raises TypeError when an entry has other fields than a mutant."""
    entries: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text())
    return [Mutant(layer=layer, **entry) for layer, listed in entries.items() for entry in listed]


def chosen(mutants: Iterable[Mutant], pattern: str) -> list[Mutant]:
    """Those whose name, layer, kind or file is like the pattern, with `*` for anything."""
    return [
        mutant
        for mutant in mutants
        if any(fnmatch(text, pattern) for text in (mutant.name, mutant.layer, mutant.kind, mutant.file))
    ]
