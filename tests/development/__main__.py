"""Make ten edits, and show what `ontime impact` named of each and what really changed.

    python -m tests.development

Starts a server of its own, and builds a small warehouse in which every model has rows. Exit code 1 when
something changed that impact had not named.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.development.columns import Lineage, Manifest, column_lineage
from tests.beginnings import Loaded, begin_with
from tests.development.edits import EDITS, Outcome, contents, try_edit
from tests.mutation.inputs import load_inputs
from tests.servers import forget_servers, running_server
from tests.templates import new_database

LITTLE_OF_EVERYTHING = Loaded("little_of_everything", load_inputs)


def main() -> int:
    """Returns the exit code."""
    forget_servers()
    with TemporaryDirectory(prefix="ontime-edits-") as folder, running_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        outcomes = try_all(Path(folder))
    named = sum(len(it.named) for it in outcomes)
    right = sum(len(it.right) for it in outcomes)
    missed = sum(len(it.missed) for it in outcomes)
    computed = sum(len(it.computed) for it in outcomes)
    among = sum(len(it.computed & it.changed) for it in outcomes)
    measured = sum(len(it.measured) for it in outcomes)
    wrong = sum(len(it.wrong) for it in outcomes)
    changed = sum(len(it.changed) for it in outcomes)
    print(f"after the edit: {measured} models named, {wrong} of them the same; {changed} changed")
    print(f"before it: {named} models named, {right} of them changed ({right / named:.0%})")
    print(f"{missed} changed that one of the two had not named")
    print(f"{computed} of them computed of it, {among} of these changed ({among / computed:.0%})")
    return 1 if missed else 0


def try_all(folder: Path) -> list[Outcome]:
    """Each edit on a copy of the sound project and its warehouse."""
    outcomes: list[Outcome] = []
    read: tuple[Lineage, Manifest] | None = None
    for number, edit in enumerate(EDITS):
        with new_database():
            project = begin_with(LITTLE_OF_EVERYTHING, folder / str(number))
            read = read or column_lineage(project.folder)  # of the sound project, which is the same each time
            outcome = try_edit(edit, project, *read, contents())
            shutil.rmtree(folder / str(number))
        outcomes.append(outcome)
        print(line(outcome), flush=True)
    return outcomes


def line(outcome: Outcome) -> str:
    among = len(outcome.computed & outcome.changed)
    said = f"{outcome.edit.kind}, {outcome.edit.name}: {len(outcome.named)} named,"
    said += f" {len(outcome.right)} of them changed; {len(outcome.computed)} computed of it,"
    said += f" {among} of them changed; {len(outcome.perhaps)} perhaps"
    said += f"\n    measured: {len(outcome.measured)} in {outcome.seconds:.0f} s, of {len(outcome.changed)}"
    for title, names in {
        "missed": outcome.missed,
        "wrong": outcome.wrong,
        "same": outcome.named - outcome.changed,
    }.items():
        said += f"\n    {title}: {', '.join(sorted(names))}" if names else ""
    return said


if __name__ == "__main__":
    sys.exit(main())
