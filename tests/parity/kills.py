"""Kill parts of the cluster, and dbt, while history is written; repeated, all must be as before.

    python -m tests.parity.kills 10        # at ten moments, a second from each other

Exit code 1 when a mart differs after that.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.console import note
from cli.spark.thrift import session
from tests.parity.compare import compare_marts
from tests.parity.warehouses import Both, both_engines
from tests.servers import running_server

DBT = "dbt"
PARTS = ("thrift-server", "worker-1", DBT)
REBUILT = "int_performance__totals"
"""A model of history; what reads it is built again with it."""

WITHOUT_TESTS = ("--exclude-resource-type", "test")
"""All marts are compared after each repetition: their tests take minutes and say less."""


def kill_while_building(both: Both, part: str, seconds: float, selection: str = f"{REBUILT}+") -> str:
    """Lose REBUILT, build it and what reads it, and kill a part so many seconds after it began to be written.

    Gives what the build said.
    """
    with session() as spark:
        spark.execute(f"drop table if exists warehouse_intermediate.{REBUILT}")
    written = both.spark.tables / "warehouse_intermediate.db" / REBUILT
    building = both.project.start(
        *("spark", "build", "--select", selection, "--exclude-resource-type", "unit_test"),
    )
    while not written.exists() and building.poll() is None:
        time.sleep(0.05)
    with suppress(subprocess.TimeoutExpired):
        building.wait(seconds)
    if part == DBT:
        building.kill()
    else:
        pid = both.spark.process_id(part)
        assert pid
        os.killpg(pid, signal.SIGKILL)
    said, _ = building.communicate()
    both.spark.start(note)
    return said


def main(moments: int) -> int:
    """Returns the exit code."""
    with TemporaryDirectory(prefix="ontime-kills-") as folder, running_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        with both_engines(Path(folder), "small") as both:
            failed = both.build_on_spark("--exclude", "test_type:generic")  # Postgres has held those rules
            for moment in range(moments):
                part = PARTS[moment % len(PARTS)]
                note(f"{moment + 1}: {part} is killed after {moment} s")
                kill_while_building(both, part, moment)
                failed = failed or both.build_on_spark("--select", f"{REBUILT}+", *WITHOUT_TESTS)
                if failed or (found := compare_marts(both.project)):
                    print(failed or "\n".join(map(str, found[:20])))
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
