"""Notebooks run from the first cell to the last, on months of the sample, and are kept without answers."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.beginnings import SAMPLE, begin_with
from tests.projects import PROJECT

NOTEBOOKS = sorted(PROJECT.joinpath("docs", "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_answers(file: Path) -> None:
    cells = nbformat.read(file, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands are those of the copy, whose project dbt has read already. A kernel takes some seconds."""
    project = begin_with(SAMPLE, tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (project.folder, PROJECT))))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown)
    # a warning would be an answer that nobody asked for
    assert not [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"]
