"""Which cluster, and the files that Spark reads: `hive-site.xml` and `spark-defaults.conf`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from cli.server.settings import LOOPBACK
from ingestion.errors import OntimeError

NAMED = "ONTIME_SPARK"
"""Names the Thrift server of an existing cluster, HOST:PORT; dbt's target `spark` reads it too."""

WAIT = "ONTIME_SPARK_WAIT"
"""Seconds that a start may take; a loaded machine has taken minutes."""

WORKERS = 2
WORKER_MEMORY = "2g"


@dataclass(frozen=True)
class Metastore:
    """Where Hive keeps what tables there are: a database of a Postgres server, reached over TCP."""

    host: str
    port: int
    database: str
    user: str
    password: str

    @property
    def url(self) -> str:
        return f"jdbc:postgresql://{self.host}:{self.port}/{self.database}"


def named_cluster() -> str | None:
    """HOST:PORT of the cluster that the user has, None where it is ours to start."""
    return os.environ.get(NAMED) or None


def seconds_to_wait() -> int:
    """How long a start may take, 600 unless the environment says so. Raises OntimeError for no number."""
    stated = os.environ.get(WAIT, "600")
    if not stated.isdecimal():
        raise OntimeError(
            f"{WAIT} is no number of seconds: {stated}", f"unset it, or for example: {WAIT}=900"
        )
    return int(stated)


def hive_site(metastore: Metastore, scratch: Path) -> str:
    """The metastore's address and login, as Hive wants them; the file is 0600.

    Hive makes its tables itself: `autoCreateAll` would wait for ever on Postgres, what is set here does not.
    """
    settings = {
        "javax.jdo.option.ConnectionURL": metastore.url,
        "javax.jdo.option.ConnectionDriverName": "org.postgresql.Driver",
        "javax.jdo.option.ConnectionUserName": metastore.user,
        "javax.jdo.option.ConnectionPassword": metastore.password,
        "datanucleus.schema.autoCreateTables": "true",
        "datanucleus.schema.autoCreateColumns": "true",
        "datanucleus.schema.autoCreateConstraints": "false",
        "hive.metastore.schema.verification": "false",
        "hive.server2.thrift.bind.host": LOOPBACK,
        # it asks the metastore as itself, whoever asks it
        "hive.server2.enable.doAs": "false",
        # each new thread opens sessions of the metastore's database, and there was one for each statement
        "hive.server2.async.exec.threads": "8",
        "hive.server2.async.exec.keepalive.time": "86400s",
        # what would lie in /tmp/<user>
        "hive.exec.scratchdir": str(scratch),
        "hive.exec.local.scratchdir": str(scratch),
        "hive.server2.logging.operation.log.location": str(scratch / "operations"),
    }
    properties = "\n".join(
        f"  <property><name>{name}</name><value>{escape(value)}</value></property>"
        for name, value in settings.items()
    )
    return f"<configuration>\n{properties}\n</configuration>\n"


OPTIMIZER = "org.apache.spark.sql.catalyst.optimizer"

FOR_LITTLE_DATA = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": WORKERS,
    "spark.sql.files.minPartitionNum": 1,
    "spark.driver.defaultJavaOptions": "-XX:+UseParallelGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC",
}
"""Where few rows meet many expressions, compiling each query and what runs it costs more than it saves; so
does planning it again after each of its stages, and each task, which begins with reading the whole plan.
"""


def spark_defaults(home: Path, driver: Path, others: Mapping[str, object]) -> str:
    """Spark's own settings: loopback, UTC, ANSI, and partitions by version that are replaced one by one."""
    settings = {
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.local.dir": home / "work" / "scratch",
        # plans of views upon views are large, and kept to be shown: with 1g the driver only collected garbage
        "spark.driver.memory": "3g",
        "spark.sql.maxPlanStringLength": 10_000,
        "spark.sql.ui.explainMode": "simple",
        # it infers filters from what is known of each column: minutes for views of a hundred long expressions
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.ui.retainedExecutions": 5,
        "spark.sql.thriftServer.ui.retainedStatements": 5,
        "spark.ui.retainedJobs": 20,
        "spark.ui.retainedStages": 20,
        "spark.driver.extraClassPath": driver,
        "spark.executor.extraClassPath": driver,
        "spark.executor.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": 2 * WORKERS,
        "spark.sql.sources.partitionOverwriteMode": "dynamic",
        # casts of eight forms, which follow their union, would be planned for each of them
        "spark.sql.optimizer.excludedRules": f"{OPTIMIZER}.PushProjectionThroughUnion",
        # an integer key of partitions cannot be asked of a metastore in Postgres: it is looked at here
        "spark.sql.hive.metastorePartitionPruningFallbackOnException": "true",
        "spark.sql.warehouse.dir": home / "tables",
        "spark.sql.catalogImplementation": "hive",
        **others,
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())
