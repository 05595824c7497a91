"""`ontime spark publish`: the marts of the cluster become the published ones of Postgres.

marts__spark.<mart>    a table for each, made empty by dbt with the types of its contract
filled by Spark        over JDBC, by a role that may do nothing else and is gone afterwards
compared               rows and checksum of each mart and month, as Spark and as Postgres count them
published              by rows, in one transaction, as at the end of a build
"""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from cli.building.build import ANOTHER_BUILD_RUNS, PUBLISHING_TARGET, build_lock, raise_if_stopped, use
from cli.environment import variables
from cli.server.connections import Connection, connection
from cli.server.files import Say
from cli.server.settings import LOOPBACK
from cli.spark.build import TARGET
from cli.spark.thrift import session
from ingestion.errors import OntimeError

SCHEMA = "marts__spark"
BUILT_ON_SPARK = "warehouse_marts"
ROLE = "ontime_spark"
LOCAL = "is_local"  # in the meta of a mart

Part = tuple[str, str | None]
"""A mart and a month of it, None where it is not by month."""

Checksums = dict[Part, tuple[int, int]]
"""Rows and checksum of each."""


def publish(say: Say = print) -> int:
    """Bring the marts, compare them, publish them. Returns the exit code, 75 while a build runs.

    Raises OntimeError where rows changed on their way, or dbt or Spark refuses; nothing is published then.
    """
    transformer = connection("transformer")
    with build_lock(transformer, PUBLISHING_TARGET) as ours, build_lock(transformer, TARGET) as theirs:
        if not (ours.is_held and theirs.is_held):
            say("a build is running; nothing was done, try again later")
            return ANOTHER_BUILD_RUNS
        with variables({"ONTIME_MARTS_SCHEMA": SCHEMA}):
            dbt = Dbt.of(transformer)
            dbt.run("run-operation", "make_tables_of_marts")
            marts = _tables(transformer)
            with session() as spark:
                _fill(spark, transformer, marts, say)
                dbt.run("run", "--select", *dbt.local_marts)
                _compare(spark, transformer, say)
            dbt.run("run-operation", "publish_brought_marts")
    say(f"{len(marts)} marts of the cluster are published")
    return 0


@dataclass(frozen=True)
class Dbt:
    """dbt in this process, on target prod, which reads the project once."""

    manifest: Any

    @classmethod
    def of(cls, transformer: Connection) -> "Dbt":
        use(transformer)
        return cls(_invoke(None, "parse"))

    def run(self, *command: str) -> None:
        """Run a command of dbt. Raises OntimeError with its words when it fails."""
        _invoke(self.manifest, *command)

    @property
    def local_marts(self) -> list[str]:
        """Those that say something of the server where they are asked: they do not come from the cluster."""
        return sorted(
            node.name
            for node in self.manifest.nodes.values()
            if node.resource_type == "model" and node.config.schema == "marts" and node.config.meta.get(LOCAL)
        )


def _invoke(manifest: Any, *command: str) -> Any:
    from dbt.cli.main import dbtRunner

    quietly = ("--log-level", "none", "--no-write-json")
    outcome = dbtRunner(manifest=manifest).invoke([*quietly, *command, "--target", PUBLISHING_TARGET])
    raise_if_stopped(outcome)
    if outcome.exception is not None or not outcome.success:
        results = getattr(outcome.result, "results", [])
        said = outcome.exception or "; ".join(str(result.message) for result in results)
        raise OntimeError(f"dbt {' '.join(command)}: {said}", "mend that, then: ontime spark publish")
    return outcome.result


def _tables(transformer: Connection) -> list[str]:
    """The marts that make_tables_of_marts (macros/publish/from_spark.sql) made a table for."""
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = %s order by tablename", [SCHEMA])
        return [name for (name,) in cursor]


def _fill(spark: Any, transformer: Connection, marts: list[str], say: Say) -> None:
    """Let Spark insert the rows of each mart."""
    host = LOOPBACK if transformer.host.startswith("/") else transformer.host  # Java knows no sockets
    url = f"jdbc:postgresql://{host}:{transformer.port}/{transformer.database}"
    with _writer(transformer.database) as password:
        for mart in marts:
            spark.execute(
                f"create or replace temporary view brought using jdbc options (url '{url}', "
                f"dbtable '{SCHEMA}.{mart}', user '{ROLE}', password '{password}', truncate 'true')"
            )
            spark.execute(f"insert into brought select * from {BUILT_ON_SPARK}.{mart}")
            say(f"{mart} came")


@contextmanager
def _writer(database: str) -> Iterator[str]:
    """The password of a role that may fill the tables of SCHEMA, for as long as this lasts.

    It stands in statements that a cluster may log; who reads it there finds no such role any more.
    """
    password = secrets.token_urlsafe(24)
    names = {"role": sql.Identifier(ROLE), "schema": sql.Identifier(SCHEMA), "base": sql.Identifier(database)}
    with closing(connection("postgres").connect()) as opened, opened.cursor() as cursor:
        opened.autocommit = True
        _drop_writer(cursor, names)
        cursor.execute(sql.SQL("create role {role} login password %s").format(**names), [password])
        for right in GRANTS:
            cursor.execute(sql.SQL(right).format(**names))
        try:
            yield password
        finally:
            _drop_writer(cursor, names)


GRANTS = (
    "grant connect on database {base} to {role}",
    "grant usage on schema {schema} to {role}",
    "grant select, insert on all tables in schema {schema} to {role}",
)


def _drop_writer(cursor: Any, names: dict[str, sql.Identifier]) -> None:
    cursor.execute("select from pg_roles where rolname = %s", [ROLE])
    if cursor.rowcount:
        cursor.execute(sql.SQL("drop owned by {role}").format(**names))
        cursor.execute(sql.SQL("drop role {role}").format(**names))


def _compare(spark: Any, transformer: Connection, say: Say) -> None:
    """Raises OntimeError naming marts and months of which other rows came than Spark has."""
    sent = checksums(spark, BUILT_ON_SPARK)
    with closing(transformer.connect()) as opened, opened.cursor() as cursor:
        came = checksums(cursor, SCHEMA)
    if differ := parts_that_differ(sent, came):
        raise OntimeError(
            f"of {len(differ)} marts and months other rows came than Spark has: "
            f"{', '.join(map(str, differ[:5]))}",
            f"look at schema {SCHEMA}; nothing was published",
        )
    say(f"{len(sent)} checksums of {sum(rows for rows, _ in sent.values()):,} rows are equal")


def checksums(cursor: Any, schema: str) -> Checksums:
    """What audit_checksums of a schema says, on either engine."""
    cursor.execute(
        f"select mart, cast(data_month as varchar(10)), row_count, checksum from {schema}.audit_checksums"
    )
    return {(mart, month): (int(count), int(checksum)) for mart, month, count, checksum in cursor.fetchall()}


def parts_that_differ(one: Checksums, other: Checksums) -> list[Part]:
    """Marts and months that one of them lacks or has otherwise, in the order of their names."""
    return sorted((part for part in one.keys() | other.keys() if one.get(part) != other.get(part)), key=str)
