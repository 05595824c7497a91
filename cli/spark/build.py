"""`ontime spark build`: what Postgres has landed since, and dbt on the cluster, one build at a time."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from cli.building.build import ANOTHER_BUILD_RUNS, build_lock, run_dbt
from cli.server.connections import connection
from cli.server.files import Say
from cli.spark.cluster import cluster
from cli.spark.lake import land
from cli.spark.lighter_dbt import make_dbt_lighter
from cli.spark.settings import NAMED, named_cluster
from cli.spark.thrift import address, session

TARGET = "spark"


def build(arguments: Sequence[str], say: Say = print) -> int:
    """Returns the exit code: 0 when all was built and passed, 1 after a failure, 75 while another runs."""
    transformer = connection("transformer")
    with build_lock(transformer, TARGET) as lock:
        if not lock.is_held:
            say(f"another build of target {TARGET} is running; nothing was done, try again later")
            return ANOTHER_BUILD_RUNS
        os.environ[NAMED] = ":".join(map(str, address()))  # dbt's profile reads it
        say(str(land(say)))
        make_dbt_lighter()
        if named_cluster():
            return run_dbt(TARGET, [*arguments], transformer)
        sweep(cluster().tables, say)
        code = run_dbt(TARGET, [*arguments], transformer)
        # what was killed before may have gone on for a moment, and left its folder after the sweep
        if code != 0 and sweep(cluster().tables, say):
            say("building again without them")
            code = run_dbt(TARGET, [*arguments], transformer)
        return code


def sweep(tables: Path, say: Say = print) -> int:
    """Remove the folders of tables that Hive does not know, below those of its databases; how many.

    A Thrift server that is killed while it makes or drops a table leaves one, and Spark makes no table where
    files lie. All that dbt makes can be made again.
    """
    removed = 0
    with session() as hive:
        hive.execute("show databases")
        databases = {name for (name,) in hive.fetchall()}
        for database in sorted(tables.glob("*.db")):
            known = set()
            if database.stem in databases:
                hive.execute(f"show tables in {database.stem}")
                known = {name for _, name, _ in hive.fetchall()}
            for folder in sorted(database.iterdir()):
                if folder.name not in known:
                    shutil.rmtree(folder)
                    say(f"{database.stem}.{folder.name}: half made, removed")
                    removed += 1
    return removed
