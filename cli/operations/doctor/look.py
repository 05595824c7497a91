"""All looks, one after the other; one that fails is a finding itself."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2

from cli.operations.doctor import machine, sessions, warehouse
from cli.operations.doctor.findings import Finding, fault
from cli.server.connections import connection, is_embedded
from cli.server.process import server
from ingestion.errors import OntimeError

LOOKS: tuple[tuple[str, Callable[[Any], Iterator[Finding]]], ...] = (
    ("settings", warehouse.look_at_settings),
    ("roles", warehouse.look_at_roles),
    ("clock", warehouse.look_at_clock),
    ("sessions", sessions.look_at_sessions),
    ("data", warehouse.look_at_data),
    ("runs", warehouse.look_at_runs),
    ("tables", warehouse.look_at_tables),
)


def look() -> Iterator[Finding]:
    """What was found. Where the server does not answer, of the machine alone."""
    ours = server()
    yield from machine.look_at_server(ours)
    yield from machine.look_at_packages()
    yield from machine.look_at_files(ours)
    try:
        opened = connection("postgres").connect()
    except OntimeError as error:
        if ours.process_id() or not is_embedded():
            yield fault("server", error.message.splitlines()[0], error.remedy)
        if is_embedded() and ours.data.exists():
            yield from machine.look_at_disk(ours.data, None)
        return
    with closing(opened), opened.cursor() as cursor:
        if is_embedded():
            yield from machine.look_at_disk(ours.data, warehouse.size_of(cursor))
        for about, look_at in LOOKS:
            try:
                yield from look_at(cursor)
            except (psycopg2.Error, OntimeError) as error:
                yield fault(
                    about, f"cannot be looked at: {str(error).strip().splitlines()[0]}", "ontime status"
                )
            finally:
                opened.rollback()
