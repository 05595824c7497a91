"""`ontime impact` after an edit: what changes with today's data, and what could with other data.

The first is measured (preview/trial.py): rows of production, read by the code as it is now. The second is
read off the SQL, as before an edit: all that an edited model reaches by any change of it.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from cli.console import note
from cli.development.columns import Lineage, Manifest, column_lineage
from cli.development.impact import Readers, impact_of, readers_of
from cli.development.preview.client import try_edits
from cli.development.preview.messages import Message
from cli.development.preview.trial import Changed, Tried
from cli.development.relations import ROWS, Column


@dataclass(frozen=True)
class Reached:
    """`readers` are those of what changes; `could` are models that may change with other data only."""

    readers: Readers
    could: tuple[str, ...]


@dataclass(frozen=True)
class Edits:
    """What was tried, at once, and what the columns of the project say of it, which are read beside that."""

    tried: Tried
    reading: Future[tuple[Lineage, Manifest]]

    def reached(self) -> Reached:
        """Waits. Raises OntimeError when dbt cannot compile the project."""
        lineage, manifest = self.reading.result()
        edited = {(name, ROWS) for name in self.tried.edited if name in lineage.columns}
        found = impact_of(edited, lineage, manifest)
        changed = {it.model for it in self.tried.changed}
        columns = {column for it in self.tried.changed for column in _columns_of(it, lineage)}
        could = [*found.begins, *(it.model for it in found.models), *found.perhaps]
        return Reached(
            readers_of(columns, lineage, manifest),
            tuple(name for name in dict.fromkeys(could) if name not in changed),
        )


def measure_edits(seconds: float) -> Edits | None:
    """Try them out for so long at most; None where nothing is edited. Raises OntimeError."""
    beside = ThreadPoolExecutor(1)
    reading: Future[tuple[Lineage, Manifest]] | None = None
    for message in try_edits(seconds):
        if "said" in message:
            note(message["said"])
        elif message.get("edited"):
            reading = beside.submit(column_lineage)
        elif "tried" in message and reading is not None:
            return Edits(tried_of(message), reading)
    return None


def tried_of(message: Message) -> Tried:
    found = dict(message["tried"])
    changed = [Changed(**{**it, "columns": tuple(it["columns"])}) for it in found.pop("changed")]
    return Tried(changed=changed, **found)


def _columns_of(changed: Changed, lineage: Lineage) -> Iterator[Column]:
    """What differs of a model: all of it where rows came, went or changed places."""
    if changed.rows_before == changed.rows_after and changed.columns:
        yield from ((changed.model, name) for name in changed.columns)
    else:
        yield from ((changed.model, name) for name in (ROWS, *lineage.columns.get(changed.model, ())))
