"""Files that take disk and can go: downloads of long ago, old logs. Of the warehouse itself: unneeded.py.

Answers of APIs stay, for they may not be given again.
"""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from cli.files import stats_below
from ingestion.finding.fetch.cache import entries

DAY = 86_400  # seconds


@dataclass(frozen=True)
class Leftover:
    """Files that can go together. `kind` says of what, for people; `lock` is held by who works on them."""

    kind: str
    paths: tuple[Path, ...]
    lock: Path | None = None

    @property
    def bytes(self) -> int:
        return sum(status.st_size for _, status in stats_below(*self.paths) if S_ISREG(status.st_mode))

    def changed_at(self) -> float:
        """When the newest of them was written, in seconds since 1970; now where they have just gone."""
        return max((status.st_mtime for _, status in stats_below(*self.paths)), default=time.time())

    def remove(self) -> bool:
        """False where somebody works on them."""
        if self.lock is None:
            self._remove()
            return True
        with self.lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._remove()
        return True

    def _remove(self) -> None:
        for path in self.paths:
            with suppress(FileNotFoundError):  # somebody was quicker
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def leftovers(state: Path, cache: Path, project: Path, days: int) -> list[Leftover]:
    """Those that nobody has written to for so many days."""
    before = time.time() - days * DAY
    downloads = (Leftover("downloads", paths, lock) for paths, lock in entries(cache))
    found = [*downloads, *_logs(state, project)]
    old = []
    for leftover in found:
        if leftover.changed_at() < before:
            old.append(leftover)
    return old


def _logs(state: Path, project: Path) -> Iterator[Leftover]:
    """Of dbt, of tasks of Airflow, of programs that Spark's workers ran, of commands that were killed."""
    for kind, folder, pattern in (
        ("logs of dbt", project / "logs", "*.log*"),
        ("what dbt compiled", project / "target" / "compiled", "*"),
        ("what dbt ran", project / "target" / "run", "*"),
        ("logs of Airflow's tasks", state / "airflow" / "logs", "dag_id=*/run_id=*"),
        ("logs of Spark's programs", state / "spark" / "work", "*"),
    ):
        for path in sorted(folder.glob(pattern)):
            yield Leftover(kind, (path,))
