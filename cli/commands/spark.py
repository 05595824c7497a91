"""`ontime spark`."""

import sys

import click

from cli.console import note, timed
from ingestion.errors import OntimeError

NOT_RUNNING = 3


@click.group()
def spark() -> None:
    """A Spark cluster with a Hive metastore on this machine, for dbt's target `spark`.

    \b
    Example:
      ontime spark up
      ontime spark land
      ONTIME_SPARK=$(ontime spark address) dbt build --target spark
    """


@spark.command()
def up() -> None:
    """Start Master, workers and Thrift server, and wait until they answer."""
    from cli.spark.cluster import cluster

    _refuse_named_cluster()
    with timed("spark up"):
        started = cluster().start(note)
    note(f"Spark {'started' if started else 'runs already'}: jdbc:hive2://{cluster().address}")


@spark.command()
def down() -> None:
    """Stop them; tables stay."""
    from cli.spark.cluster import cluster

    _refuse_named_cluster()
    note("Spark stopped" if cluster().stop() else "Spark did not run")


@spark.command()
def status() -> None:
    """Say what runs and where. Exit code 0: all of it, 3: not all."""
    from cli.spark.cluster import PARTS, cluster
    from cli.spark.settings import named_cluster

    if named := named_cluster():
        click.echo(f"Spark is the cluster that ONTIME_SPARK names: jdbc:hive2://{named}")
        return
    ours = cluster()
    pids = {part: ours.process_id(part) for part in PARTS}
    for part, pid in pids.items():
        click.echo(f"{part:<14} {f'process {pid}' if pid else 'stopped':<16} {ours.log(part)}")
    if not all(pids.values()):
        click.echo("start it with: ontime spark up")
        sys.exit(NOT_RUNNING)
    click.echo(f"connect        jdbc:hive2://{ours.address}, {ours.workers()} workers alive")


@spark.command()
def address() -> None:
    """Say HOST:PORT of the Thrift server, for ONTIME_SPARK."""
    from cli.spark.thrift import address

    click.echo(":".join(map(str, address())))


@spark.command()
def land() -> None:
    """Bring the raw tables of Postgres to the cluster: files that it does not have yet."""
    from cli.spark.cluster import cluster
    from cli.spark.lake import land

    with timed("spark land"):
        landed = land(cluster().lake, note)
    note(f"{sum(landed.files.values())} files with {landed.rows:,} rows came, {landed.there} were there")


def _refuse_named_cluster() -> None:
    from cli.spark.settings import NAMED, named_cluster

    if named := named_cluster():
        raise OntimeError(
            f"the cluster {named} that {NAMED} names is not ours to start or stop",
            f"unset {NAMED}, then try again",
        )
