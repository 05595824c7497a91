"""The editor's settings name what is there, in this folder and nowhere else on a machine."""

import json
import re
from typing import Any

from tests.projects import PROJECT

FOLDER = PROJECT / ".vscode"


def read(name: str) -> dict[str, Any]:
    """JSON with comments, as the editor reads it."""
    text = FOLDER.joinpath(name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(re.sub(r"(?m)^\s*//.*$", "", text))
    return found


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_paths_are_of_this_folder() -> None:
    found = [text for name in ("settings.json", "extensions.json") for text in texts(read(name))]
    assert found
    assert not [text for text in found if re.match(r"[/~\\]|[A-Za-z]:\\", text)]
    commands = [text.partition("}/")[2] for text in found if text.startswith("${workspaceFolder}/")]
    assert commands
    assert not [path for path in commands if not (PROJECT / path).exists()]


def test_files_that_get_a_schema_or_a_language_exist() -> None:
    settings = read("settings.json")
    patterns = [*settings["files.associations"]]
    patterns += [pattern for several in settings["yaml.schemas"].values() for pattern in several]
    assert patterns
    assert not [pattern for pattern in patterns if next(PROJECT.glob(pattern), None) is None]


def test_the_page_explains_each_extension() -> None:
    page = PROJECT.joinpath("docs", "development.md").read_text(encoding="utf-8")
    extensions = read("extensions.json")
    named = (*extensions["recommendations"], *extensions["unwantedRecommendations"])
    assert not [name for name in named if f"`{name}`" not in page]
