"""Files to write and to add to: all of them are written, or none."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

from ingestion.errors import OntimeError

Edit = Callable[[str], str]


class Changes:
    """New texts of files below `project`, kept until `write`. What exists is added to, never replaced."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._texts: dict[Path, str] = {}

    def add(self, path: str, text: str) -> None:
        """A file that is not there yet. Raises OntimeError when it is."""
        file = Path(path)
        if (self.project / file).exists() or file in self._texts:
            raise OntimeError(f"{path} exists", "choose another name, or edit what is there")
        self._texts[file] = text

    def edit(self, path: str, edit: Edit) -> None:
        """Change a file as text, so that its comments stay."""
        file = Path(path)
        before = self._texts.get(file)
        if before is None:
            before = (self.project / file).read_text(encoding="utf-8")
        self._texts[file] = edit(before)

    def append(self, path: str, text: str, *, beginning: str = "", gap: str = "\n") -> None:
        """Add at the end of a file, behind a `gap`; one that is not there yet has the `beginning` before."""
        file = Path(path)
        if (self.project / file).exists() or file in self._texts:
            self.edit(path, lambda before: f"{before.rstrip()}\n{gap}{text}")
        else:
            self.add(path, f"{beginning}{text}")

    def write(self) -> dict[Path, bool]:
        """Write, and return the files and whether each is new. What fails is taken back as a whole."""
        for file, text in self._texts.items():
            _check_yaml(file, text)
        before: dict[Path, str | None] = {}
        try:
            for file, text in self._texts.items():
                place = self.project / file
                before[place] = place.read_text(encoding="utf-8") if place.exists() else None
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
        except OSError as error:
            for place, old in before.items():
                _restore(place, old)
            raise OntimeError(f"{error.filename}: {error.strerror}", "mend that, and try again") from None
        return {file: before[self.project / file] is None for file in sorted(self._texts)}


def _restore(place: Path, old: str | None) -> None:
    if old is not None:
        place.write_text(old, encoding="utf-8")
        return
    place.unlink(missing_ok=True)
    with suppress(OSError):  # a folder that holds something else stays
        place.parent.rmdir()


def _check_yaml(file: Path, text: str) -> None:
    """What was put together from texts has to be YAML still, and say nothing twice."""
    if file.suffix != ".yml":
        return
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise OntimeError(
            f"{file} would be no YAML: {error}", "add to it by hand, as CONTRIBUTING.md says"
        ) from None


def after_last(pattern: str, text: str, added: str) -> str:
    """`added` behind the last line that matches. Raises OntimeError when none does."""
    lines = list(re.finditer(rf"(?m)^.*(?:{pattern}).*\n", text))
    if not lines:
        raise OntimeError(
            f"no line has {pattern}, behind which this would go: {added.strip()}", "add it by hand"
        )
    return text[: lines[-1].end()] + added + text[lines[-1].end() :]


def before_first(line: str, text: str, added: str) -> str:
    """`added` before the first line that begins so. Raises OntimeError when none does."""
    at = f"\n{text}".find(f"\n{line}")
    if at < 0:
        raise OntimeError(
            f"no line begins with {line}, before which this would go: {added.strip()}", "add it by hand"
        )
    return text[:at] + added + text[at:]


def in_order(line: str, text: str, alike: str) -> str:
    """The line among those that match `alike`, by the alphabet."""
    lines = list(re.finditer(rf"(?m)^{alike}.*\n", text))
    later = next((found for found in lines if found[0] > line), None)
    at = later.start() if later else lines[-1].end()
    return text[:at] + line + text[at:]
