"""`ontime doctor`."""

import json
import sys
from contextlib import closing

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.option(
    "--end", "pid", type=int, metavar="PID", help="End the session of a server process, and look again."
)
def doctor(as_json: bool, pid: int | None) -> None:
    """Look at the server, the disk, roles, locks, files and ledgers, and say of each what is to be done.

    It changes nothing, and takes about a second. Exit code 0: no fault, warnings at most; 1: a fault.

    \b
    Examples:
      ontime doctor
      ontime doctor --json
      ontime doctor --end 4711
    """
    from cli.console import note
    from cli.operations.doctor import findings
    from cli.operations.doctor.look import look
    from cli.operations.doctor.sessions import end_session
    from cli.server.connections import connection
    from ingestion.errors import OntimeError

    if pid is not None:
        with closing(connection("postgres").connect()) as opened, opened, opened.cursor() as cursor:
            ended = end_session(cursor, pid)
        if ended is None:
            raise OntimeError(f"there is no session of server process {pid}", "ontime doctor")
        note(f"ended {ended}")
    found = []
    for finding in look():
        found.append(finding)
        if not as_json:
            click.echo(finding.line)
    if as_json:
        click.echo(json.dumps(findings.as_json(found), indent=2))
    sys.exit(1 if findings.worst(found) == "fault" else 0)
