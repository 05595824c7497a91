"""The docs site describes inner columns by their names."""

import json
from pathlib import Path
from typing import Any

from cli import docs


def node(access: str, **descriptions: str) -> dict[str, Any]:
    return {
        "access": access,
        "columns": {name: {"name": name, "description": text} for name, text in descriptions.items()},
    }


def test_a_column_without_a_description_has_that_of_its_name(tmp_path: Path) -> None:
    inner = node("protected", own="A text of its own.", tested="")
    manifest = {
        "nodes": {"inner": inner, "mart": node("public", term="Here.", of_mart="Of the mart.")},
        "docs": {
            f"doc.{name}": {"name": name, "block_contents": f"Term {name}."}
            for name in ("term", "tested", "own")
        },
    }
    names = ("own", "tested", "term", "of_mart", "unknown")
    catalog = {"nodes": {"inner": {"columns": {name: {"name": name} for name in names}}}}
    for name, artifact in (("manifest", manifest), ("catalog", catalog)):
        (tmp_path / f"{name}.json").write_text(json.dumps(artifact))
    (tmp_path / "index.html").write_text('"MANIFEST.JSON INLINE DATA" "CATALOG.JSON INLINE DATA" Ö')

    docs.write(tmp_path)

    written = json.loads((tmp_path / "manifest.json").read_text())
    assert {name: it["description"] for name, it in written["nodes"]["inner"]["columns"].items()} == {
        "own": "A text of its own.",
        "tested": "Term tested.",
        "term": "Term term.",
        "of_mart": "Of the mart.",
        "unknown": "",
    }
    assert written["nodes"]["mart"] == manifest["nodes"]["mart"]
    page = (tmp_path / "static_index.html").read_text()
    assert page == f"{json.dumps(written)} {json.dumps(catalog)} Ö"
