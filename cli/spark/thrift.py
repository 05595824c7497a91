"""Questions to the Thrift server (HiveServer2), by PyHive, which dbt speaks through too."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from cli.spark.cluster import cluster
from cli.spark.settings import NAMED, named_cluster
from ingestion.errors import OntimeError


def address() -> tuple[str, int]:
    """Host and port of the Thrift server. Raises OntimeError where there is none."""
    named = named_cluster() or cluster().address
    host, _, port = named.rpartition(":")
    if not host or not port.isdecimal():
        raise OntimeError(f"{NAMED} is no HOST:PORT: {named}", f"for example: {NAMED}=127.0.0.1:10000")
    return host, int(port)


@contextmanager
def session() -> Iterator[Any]:
    """A cursor of the Thrift server. Raises OntimeError where nothing answers."""
    try:
        from pyhive import hive
    except ImportError:
        raise OntimeError("the package pyhive is not installed", "run: make spark") from None
    host, port = address()
    try:
        opened = hive.connect(host, port)
    except Exception as error:  # PyHive lets through what thrift, sockets and SASL raise
        raise OntimeError(
            f"no connection to Spark at {host}:{port}: {error}", "start it with: ontime spark up"
        ) from error
    with closing(opened), closing(opened.cursor()) as cursor:
        yield cursor
