"""Folders for what a load needs until its end, in TMPDIR. Those of killed loads are swept by the next one."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_NAMES = ("ontime-load-", "ontime-answers-", "ontime-read-")
_LOCK = ".in-use"  # held while its process lives; numbers of processes say nothing across containers
_UNLOCKED = 86_400  # seconds after which a folder without it is one of a process that was killed at once


@contextmanager
def working_folder(purpose: str) -> Iterator[str]:
    """A new folder for `load`, `answers` or `read`, gone at the end. Sweeps those of killed loads."""
    sweep(Path(gettempdir()))
    with TemporaryDirectory(prefix=f"ontime-{purpose}-", ignore_cleanup_errors=True) as folder:
        unlocked = Path(folder, f"{_LOCK}.new")
        with unlocked.open("wb") as lock:
            flock(lock, LOCK_EX)
            unlocked.rename(Path(folder, _LOCK))  # it never stands there without being held
            yield folder


def sweep(parent: Path) -> None:
    """Removes this user's folders of loads whose process is gone. What cannot be removed stays."""
    with suppress(OSError):
        for folder in left_behind(parent):
            shutil.rmtree(folder, ignore_errors=True)


def left_behind(parent: Path) -> list[Path]:
    """This user's folders of loads whose process is gone."""
    return [folder for folder in parent.iterdir() if folder.name.startswith(_NAMES) and _is_left(folder)]


def _is_left(folder: Path) -> bool:
    try:
        status = folder.lstat()
        if status.st_uid != os.geteuid() or folder.is_symlink():
            return False
        lock = folder / _LOCK
        return _is_free(lock) if lock.exists() else time.time() - status.st_mtime > _UNLOCKED
    except OSError:  # it has gone meanwhile, or is none of our business
        return False


def _is_free(lock: Path) -> bool:
    with lock.open("rb") as opened:
        try:
            flock(opened, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        return True
