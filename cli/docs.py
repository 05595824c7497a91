"""The documentation that dbt writes, with columns that the YAML leaves to the glossary described by name.

Everything is put into one page, static_index.html, as dbt's `--static` does.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cli.server.connections import connection
from ingestion import PROJECT
from ingestion.errors import OntimeError

FOLDER = (
    PROJECT / "target" / "docs"
)  # of its own: it shows the published names, and `dbt build` keeps its state

Artifact = dict[str, Any]


def generate() -> Path:
    """The page, made anew. Raises OntimeError when dbt fails, which has said why."""
    names = {"ONTIME_MARTS_SCHEMA": "marts"}
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "docs", "generate", "--target", "prod"]
    done = subprocess.run(
        [*command, "--target-path", str(FOLDER)],
        cwd=PROJECT,
        env=os.environ | connection("transformer").environment() | names,
        check=False,
    )
    if done.returncode != 0:
        raise OntimeError("dbt could not write the documentation; what it says stands above", "ontime build")
    write(FOLDER)
    return FOLDER / "static_index.html"


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
