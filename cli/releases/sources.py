"""The sources of a release with their licences, as the project describes them: `... (public domain)`."""

import re
from pathlib import Path
from typing import Any

import yaml

from ingestion import PROJECT

LICENCES = {
    "public domain": {"name": "other-pd", "title": "Public domain"},
    "CC0": {
        "name": "CC0-1.0",
        "title": "Creative Commons Zero v1.0 Universal",
        "path": "https://creativecommons.org/publicdomain/zero/1.0/",
    },
    "CC BY 4.0": {
        "name": "CC-BY-4.0",
        "title": "Creative Commons Attribution 4.0",
        "path": "https://creativecommons.org/licenses/by/4.0/",
    },
    "MIT": {"name": "MIT", "title": "MIT License", "path": "https://opensource.org/license/mit"},
}
"""What descriptions say, and what Frictionless calls it."""

_SAID = re.compile(r"\((public domain|CC0|CC BY 4\.0|MIT)\)|\b(Public domain)\.")


def sources_of(names: set[str], project: Path = PROJECT) -> list[dict[str, Any]]:
    """Those of these names that the project describes; one that states no licence has none here."""
    found = []
    for path in sorted((project / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            if source["name"] in names:
                text = " ".join(source["description"].split())
                found.append({"title": source["name"], "description": text, "licenses": _licences(text)})
    return found


def _licences(text: str) -> list[dict[str, str]]:
    said = _SAID.search(text)
    return [LICENCES[(said[1] or said[2].lower())]] if said else []
