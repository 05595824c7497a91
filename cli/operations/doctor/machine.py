"""The process of the server, the disk, packages against the lock, and files that killed commands left."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from cli.console import some
from cli.operations.doctor.findings import Finding, fault, ok, warning
from cli.runs.release import release
from cli.server.connections import is_embedded
from cli.server.process import Server
from ingestion import PROJECT
from ingestion.working_folder import left_behind

LOCK = PROJECT / "requirements" / "warehouse.txt"
GIGABYTE = 1024**3
LEAST_FREE = GIGABYTE // 4


def look_at_server(server: Server) -> Iterator[Finding]:
    """Whether the embedded server runs, and if not, what is left of it."""
    if not is_embedded():
        yield ok("server", "of others, named by PGHOST")
        return
    if not server.data.exists():
        yield fault("server", f"there is none yet in {server.state}", "ontime up")
        return
    if pid := server.process_id():
        yield ok("server", f"process {pid}, data in {server.data}")
        return
    noted = _noted(server.data / "postmaster.pid")
    if noted is None:
        yield fault("server", "Postgres is stopped", "ontime up")
    elif _state(noted) == "Z":
        yield fault("server", f"process {noted} is dead, and its parent has not noticed", "ontime up")
    else:
        yield fault(
            "server", f"process {noted} is gone: it was killed, or the machine went down", "ontime up"
        )


def look_at_disk(folder: Path, size: int | None) -> Iterator[Finding]:
    """Room beside the size of the database, which a build of everything can need again."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        yield fault("disk", f"{folder}: {error.strerror}", "ontime status")
        return
    told = f"{_size(usage.free)} of {_size(usage.total)} free where {folder} is"
    if size is not None:
        told += f"; the database has {_size(size)}"
    remedy = "ontime clean --dry-run"
    if usage.free < max(LEAST_FREE, (size or 0) // 20):
        yield fault("disk", told, remedy)
    elif size is not None and usage.free < size // 2:
        yield warning("disk", told, remedy)
    else:
        yield ok("disk", told)


def look_at_packages(lock: Path = LOCK) -> Iterator[Finding]:
    """What is installed against what the project locks."""
    if not lock.exists():  # a copy of the project without it
        yield ok("packages", f"ontime {release(PROJECT)}; there is no lock to compare with")
        return
    differing = []
    for line in lock.read_text().splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        locked = Requirement(line.rstrip("\\ "))
        if locked.marker is not None and not locked.marker.evaluate():
            continue
        try:
            found = metadata.version(locked.name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found not in locked.specifier:
            differing.append(f"{locked.name} {found} instead of {str(locked.specifier)[2:]}")
    if differing:
        yield warning("packages", some(differing), "make")
    else:
        versions = ", ".join(
            f"{name} {metadata.version(name)}" for name in ("dbt-core", "dbt-postgres", "dlt")
        )
        yield ok("packages", f"as locked; ontime {release(PROJECT)}, {versions}")


def look_at_files(server: Server) -> Iterator[Finding]:
    """What killed commands left, and files that others can read."""
    temporary = Path(tempfile.gettempdir())
    left = [str(folder) for folder in left_behind(temporary)]
    if left:
        yield warning("files", f"of loads that were killed: {some(left)}", f"rm -r {left[0]}")
    unfinished = [*server.state.glob("*.unfinished"), *server.state.glob("backups/*.part")]
    if server.home.exists():
        with suppress(PermissionError):
            unfinished += server.home.glob("*.unfinished")
    if unfinished:
        yield warning(
            "files", f"unfinished: {some([str(it) for it in unfinished])}", f"rm -r {unfinished[0]}"
        )
    open_to_others = [
        str(file)
        for file in (server.state / "credentials.json", server.state / "server.env")
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
    if open_to_others:
        yield fault(
            "files", f"others can read passwords in {open_to_others[0]}", f"chmod 600 {open_to_others[0]}"
        )
    if not (left or unfinished or open_to_others):
        yield ok("files", f"nothing is left over in {temporary} and {server.state}")


def _noted(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def _state(pid: int) -> str:
    """The state of a process as Linux says it: Z is dead and not waited for; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _size(count: int) -> str:
    return f"{count / GIGABYTE:,.1f} GB" if count >= GIGABYTE else f"{count / 1024**2:,.0f} MB"
