"""`ontime dev drop`: the own space goes, and nothing else."""

import shutil
from collections.abc import Callable
from contextlib import closing

from cli.building.build import build_lock
from cli.development.space import contents
from cli.development.space.names import Space, check_owner, owners
from cli.development.space.production import state_folder
from cli.server.connections import connection
from ingestion import PROJECT
from ingestion.errors import LaterError


def drop_space(space: Space, agreed: Callable[[str], bool]) -> str:
    """Ask whether what is there may go, and drop it. Returns what was done."""
    transformer = connection("transformer")
    with build_lock(transformer, space.prefix) as lock:
        if not lock.is_held:
            raise LaterError(f"a build of {space.prefix}_* is running", "try again when it is through")
        with closing(transformer.connect()) as opened, opened, opened.cursor() as cursor:
            check_owner(cursor, space)
            schemas = sorted(owners(cursor, space))
            if not schemas:
                return f"nothing to remove: there is no schema {space.prefix}_*"
            contents.refuse_dependents(cursor, space)
            relations, size = contents.whole_size(cursor, space)
            said = f"{', '.join(schemas)}: {relations} tables and views, {size / 1e6:,.1f} MB"
            opened.commit()  # nothing is held while somebody thinks
            if not agreed(said):
                return "nothing was removed"
            contents.drop(cursor, space)
    shutil.rmtree(state_folder(space, PROJECT), ignore_errors=True)
    return f"removed {len(schemas)} schemas"
