"""Messages of previews: names that are not there, and dbt's errors with file and line."""

import re
from collections.abc import Iterable
from pathlib import Path

from cli.console import nearest
from ingestion.errors import OntimeError

_FILE = re.compile(
    r"\(?((?:models|macros|seeds|tests|snapshots|analyses)/[^\s():]+\.(?:sql|yml|yaml|csv|md))\)?"
)
_LINE = re.compile(r"\bline (\d+)\b")
_NO_NODE = re.compile(r"depends on a (?:node|source) named '([^']+)'")
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_HEADLINE = re.compile(
    r"^(?:Compilation|Parsing|Database|Runtime|Internal|Validation) Error\b.*$", re.MULTILINE
)

MOST_LINES = 12


def unknown(kind: str, name: str, known: Iterable[str], otherwise: str) -> OntimeError:
    return OntimeError(f"there is no {kind} `{name}`", nearest(name, known) or otherwise)


def at(path: str, line: int | None) -> str:
    return f"{path}:{line}" if line else path


class DbtError:
    """An error of dbt: the file that it names, the line if it names one, and what is wrong."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = _FILE.search(text)
        self.path = found[1] if found else ""
        number = _LINE.search(text)
        self.line = int(number[1]) if number else None
        missing = _NO_NODE.search(text)
        self.missing = missing[1] if missing else ""
        macro = _UNDEFINED.search(text)
        self.undefined = macro[1] if macro else ""

    def explained(
        self, project: Path, names: Iterable[str], macros: Iterable[str], remedy: str
    ) -> OntimeError:
        """As one that says file, line and the nearest name."""
        line, hint = self.line, ""
        if self.missing:
            line, hint = self._line_of(project, self.missing), nearest(self.missing, names)
            what = f"no model, seed or source is named `{self.missing}`"
        elif self.undefined:
            line = self._line_of(project, self.undefined) or line
            hint = nearest(self.undefined, macros)
            what = f"no macro or variable is named `{self.undefined}`"
        else:
            what = self._what()
        return OntimeError(f"{at(self.path, line)}: {what}" if self.path else what, hint or remedy)

    def _what(self) -> str:
        lines = [line.strip() for line in _HEADLINE.sub("", self.text).splitlines() if line.strip()]
        kept = [line for line in lines if not _LINE.fullmatch(line)]
        return "\n  ".join(kept[:MOST_LINES]) or self.text.strip()

    def _line_of(self, project: Path, name: str) -> int | None:
        """The first line of the file that holds a name."""
        try:
            text = (project / self.path).read_text(encoding="utf-8")
        except OSError:
            return None
        found = re.search(rf"\b{re.escape(name)}\b", text)
        return text.count("\n", 0, found.start()) + 1 if found else None
