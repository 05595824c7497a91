"""`python -m cli.docs FOLDER`: describes columns that the YAML leaves to the glossary, by name.

For what `dbt docs generate` has written to the folder. Writes its manifest.json anew and puts everything into
one page, static_index.html, as `--static` does.
"""

import json
import sys
from pathlib import Path
from typing import Any

Artifact = dict[str, Any]


def described(manifest: Artifact, catalog: Artifact) -> Artifact:
    """The manifest with a description of each column that has none: the glossary's, else a mart's."""
    texts = {
        name: column["description"]
        for node in manifest["nodes"].values()
        if node.get("access") == "public"
        for name, column in node["columns"].items()
    }
    texts |= {block["name"]: block["block_contents"] for block in manifest["docs"].values()}
    for unique_id, relation in catalog["nodes"].items():
        columns = manifest["nodes"][unique_id]["columns"]
        for name in relation["columns"]:
            column = columns.setdefault(name, {"name": name, "description": "", "meta": {}, "tags": []})
            column["description"] = column["description"] or texts.get(name, "")
    return manifest


def write(folder: Path) -> None:
    """Describe what lies in a folder of dbt's docs."""
    paths = folder / "manifest.json", folder / "catalog.json"
    manifest, catalog = (json.loads(path.read_text()) for path in paths)
    text = json.dumps(described(manifest, catalog))
    page = (folder / "index.html").read_text(encoding="utf-8")
    page = page.replace('"MANIFEST.JSON INLINE DATA"', text)
    page = page.replace('"CATALOG.JSON INLINE DATA"', json.dumps(catalog))
    paths[0].write_text(text)
    (folder / "static_index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
