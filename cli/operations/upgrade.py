"""Bring the data of the embedded server to the Postgres that is installed, by the one that wrote them.

The data are dumped by a server of the former version that lets nobody write, restored into new ones, compared
with what was written down of them, and only then take their place. Until that moment nothing has changed.
"""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cli.operations.backup import backup, restore
from cli.server.files import Say, backup_folder, locked
from cli.server.process import Server, server, version_of
from cli.server.roles import bootstrap
from ingestion.errors import OntimeError

PROGRAMS = "bin/postgres"


@dataclass(frozen=True)
class Former(Server):
    """The server by the programs of the version that wrote the data, which lie somewhere below `folder`.

    It shows what it holds and lets nobody write: what came after the dump would be lost.
    """

    folder: Path

    @cached_property
    def binaries(self) -> Path:
        wanted = self.version_of_data()
        found = {version_of(path): path.parent for path in sorted(self.folder.rglob(PROGRAMS))}
        if wanted not in found:
            others = f", but of {', '.join(map(str, found))}" if found else ""
            raise OntimeError(
                f"{self.folder} holds no {PROGRAMS} of PostgreSQL {wanted}{others}",
                "name the folder where pip has put that version (docs/server.md)",
            )
        return self.reachable(found[wanted], self.folder, "*", f"binaries-of-{wanted}")

    def write_settings(self, port: int) -> None:
        super().write_settings(port)
        with (self.base / "server.conf").open("a") as settings:
            settings.write("\ndefault_transaction_read_only = on\n")


class Successor(Server):
    """The server of the installed version, on data that are in the making."""

    @property
    def data(self) -> Path:
        return self.upgraded


def upgrade(folder: Path, say: Say) -> Path:
    """Bring the data over, with the programs of the former version below `folder`.

    Returns where the former data are now. Raises OntimeError, and changes nothing, when there is nothing to
    bring over, the programs are missing or of another version, or what was restored is not what was dumped.
    """
    ours = server()
    ours.make_state_folder()
    with locked(ours.state / "upgrade"):
        written_by = ours.version_of_data()
        if written_by in (None, ours.version()):
            raise OntimeError(
                f"there is nothing to bring to PostgreSQL {ours.version()} in {ours.data}",
                "start the server with: ontime up",
            )
        former, successor = Former(ours.state, folder), Successor(ours.state)
        kept = ours.home / f"data.of_{written_by}"
        if kept.exists():
            raise OntimeError(f"{kept} is there already", "remove it or give it another name")
        _discard(successor)  # of an upgrade that was killed
        file = _dump(former, say)
        try:
            successor.start(say)
            bootstrap()
            restore(file, say)
        except BaseException:
            _discard(successor)
            raise
        successor.stop()
        ours.data.rename(kept)
        ours.upgraded.rename(ours.data)  # killed in between, the next start does it
    return kept


def _discard(successor: Successor) -> None:
    successor.stop()
    shutil.rmtree(successor.data, ignore_errors=True)


def _dump(former: Former, say: Say) -> Path:
    former.stop()  # one that runs lets people write
    say(f"starting PostgreSQL {former.version()}, to read what it wrote")
    former.start(say)
    try:
        return backup(backup_folder(former.state), None, say)
    finally:
        former.stop()
