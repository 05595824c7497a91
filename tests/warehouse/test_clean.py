"""`ontime clean` removes what is old and can be made again, and nothing else."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from cli.operations.clean import DAY, Leftover
from tests.servers import ontime

OLD, NEW = "0" * 32, "f" * 32


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Of each kind something old and something new, and what has to stay however old it is."""
    files = {
        f"cache/{OLD}/a.zip": 100,
        f"cache/{OLD}.json": 10,
        f"cache/{OLD}.part": 5,
        f"cache/{OLD}.lock": 0,
        f"cache/{NEW}/a.zip": 100,
        f"cache/{NEW}.json": 10,
        "cache/answers/iem/kept/page": 7,
        "airflow/logs/dag_id=ontime_daily/run_id=old/task_id=build/attempt=1.log": 3,
        "airflow/logs/dag_id=ontime_daily/run_id=new/task_id=build/attempt=1.log": 3,
        "spark/work/app-old/0/stderr": 2,
        "spark/lake/raw_bts/x/rows.parquet": 9,
        "backups/ontime-20200101T000000.dump": 8,
        "credentials.json": 1,
    }
    for name, size in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    for path in tmp_path.rglob("*"):
        is_new = NEW in str(path) or "run_id=new" in str(path)
        when = time.time() - (10 if is_new else 100) * DAY
        os.utime(path, (when, when))
    return tmp_path


def files(state: Path) -> set[str]:
    return {path.relative_to(state).as_posix() for path in state.rglob("*") if path.is_file()}


GONE = {
    f"cache/{OLD}/a.zip",
    f"cache/{OLD}.json",
    f"cache/{OLD}.part",
    "airflow/logs/dag_id=ontime_daily/run_id=old/task_id=build/attempt=1.log",
    "spark/work/app-old/0/stderr",
}


def test_old_files_go(state: Path) -> None:
    before = files(state)
    asked = ontime("clean", "--dry-run", ONTIME_STATE=str(state))
    assert asked.returncode == 0, asked.stderr
    assert "would remove downloads: 1, 115 bytes" in asked.stderr
    assert files(state) == before
    done = ontime("clean", ONTIME_STATE=str(state))
    assert "removed downloads: 1, 115 bytes" in done.stderr
    assert "removed logs of Airflow's tasks: 1, 3 bytes" in done.stderr
    assert before - files(state) == GONE


def test_days_decide(state: Path) -> None:
    done = ontime("clean", "--keep-days", "101", ONTIME_STATE=str(state))
    assert "downloads" not in done.stderr
    assert f"cache/{OLD}/a.zip" in files(state)
    ontime("clean", "--keep-days", "5", ONTIME_STATE=str(state))
    assert not any(NEW in name and "a.zip" in name for name in files(state))


def test_what_a_load_works_on_stays(state: Path) -> None:
    with (state / f"cache/{OLD}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ontime("clean", ONTIME_STATE=str(state))
    assert f"cache/{OLD}/a.zip" in files(state)


def test_who_was_quicker_stops_nobody(tmp_path: Path) -> None:
    """dbt takes turns with its logs: what was found may be gone before it is weighed and removed."""
    gone = Leftover("logs of dbt", (tmp_path / "dbt.log.5",))
    assert (gone.bytes, gone.remove()) == (0, True)
    assert gone.changed_at() > time.time() - DAY
