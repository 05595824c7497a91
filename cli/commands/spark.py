"""`ontime spark`."""

import sys

import click

from cli.commands.recording import recorded_as
from cli.console import note, timed
from ingestion.errors import OntimeError

NOT_RUNNING = 3


@click.group()
def spark() -> None:
    """A Spark cluster with a Hive metastore on this machine, for dbt's target `spark`.

    \b
    Example:
      ontime spark up
      ontime spark build
      ontime spark publish
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
    from cli.spark.lake import land

    with recorded_as("transformer") as run, timed("spark land"):
        landed = land(note)
        run.row_count = landed.rows
    note(str(landed))


@spark.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[DBT ARGUMENTS]...")
def build(arguments: tuple[str, ...]) -> None:
    """Bring what the cluster lacks, and run `dbt build --target spark` there.

    One build runs at a time. Arguments go to dbt as they are.

    \b
    Examples:
      ontime spark build
      ontime spark build --select agg_carrier_month
    """
    from cli.spark.build import build

    with recorded_as("transformer") as run, timed("spark build"):
        run.exit_code = code = build(list(arguments), note)
    sys.exit(code)


@spark.command()
def publish() -> None:
    """Bring the marts to Postgres, compare them with the cluster's, and publish them there."""
    from cli.spark.publication import publish

    with recorded_as("transformer") as run, timed("spark publish"):
        run.exit_code = code = publish(note)
    sys.exit(code)


def _refuse_named_cluster() -> None:
    from cli.spark.settings import NAMED, named_cluster

    if named := named_cluster():
        raise OntimeError(
            f"the cluster {named} that {NAMED} names is not ours to start or stop",
            f"unset {NAMED}, then try again",
        )
