"""The project's files as they were saved, and `--watch`: something is done again whenever one was."""

import time
from collections.abc import Callable

from cli.building.build_state import project_files
from cli.files import stats
from ingestion import PROJECT

SECONDS_BETWEEN_LOOKS = 0.15

Snapshot = dict[str, tuple[int, int, int]]


def snapshot() -> Snapshot:
    """Of each file that dbt reads: time, size and number, which differ where it was edited or replaced."""
    found = stats(project_files(PROJECT))
    return {str(path): (status.st_mtime_ns, status.st_size, status.st_ino) for path, status in found}


def watch(preview: Callable[[], None]) -> None:
    """Never returns; Ctrl-C ends it."""
    while True:
        seen = snapshot()
        preview()
        while snapshot() == seen:
            time.sleep(SECONDS_BETWEEN_LOOKS)
