"""Folders of loads: gone at the end, and swept when their process was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.working_folder import sweep, working_folder
from tests.ingestion.support import PROJECT

HOLD = """
import sys
from ingestion.working_folder import working_folder
with working_folder("load") as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_only_what_killed_loads_left_is_swept(tmp_path: Path) -> None:
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD],
            cwd=PROJECT,
            env=os.environ | {"TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    killed, living = [Path((holder.stdout.readline() if holder.stdout else "").strip()) for holder in holders]
    holders[0].kill()
    holders[0].wait()
    others = [tmp_path / "ontime-load-new", tmp_path / "notes"]
    for other in others:
        other.mkdir()
    (tmp_path / "ontime-load-link").symlink_to(tmp_path / "notes")
    assert killed.is_dir()
    sweep(tmp_path)
    assert not killed.exists()
    assert living.is_dir()
    assert all(other.is_dir() for other in others)
    holders[1].communicate("")
    assert not living.exists()
    os.utime(others[0], (0, 0))
    sweep(tmp_path)
    assert not others[0].exists()
    assert others[1].is_dir()


def test_a_folder_may_go_while_others_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads sweep side by side: what was listed may be gone before it is looked at."""
    (tmp_path / "ontime-read-old").mkdir()
    os.utime(tmp_path / "ontime-read-old", (0, 0))
    listed = [tmp_path / "ontime-load-gone", *tmp_path.iterdir()]
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    sweep(tmp_path)
    assert not (tmp_path / "ontime-read-old").exists()


def test_a_load_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "ontime-read-old").mkdir()
    os.utime(tmp_path / "ontime-read-old", (0, 0))
    with working_folder("read") as folder:
        assert [path.name for path in tmp_path.iterdir()] == [Path(folder).name]
    assert not list(tmp_path.iterdir())
