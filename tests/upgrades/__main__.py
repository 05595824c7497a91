"""Open warehouses that older commits made with the project as it stands.

    python -m tests.upgrades                    # those of tests/upgrades/commits.py
    python -m tests.upgrades b9108dc            # another commit, by its name

Each commit is taken from this clone's history, loads and publishes two months of which one is restated, and
stops its server. Then the commands of today start it, plan, build, load once more. Python's packages are
those of today: they were the same, of dbt, dlt and Postgres. Exit code 1 when something does not hold.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.servers import forget_servers
from tests.upgrades.commits import COMMITS
from tests.upgrades.upgrade import Upgrade, publish_anew, upgrade


def main(names: Sequence[str]) -> int:
    """Returns the exit code."""
    forget_servers()
    console, table = Console(stderr=True), Table("commit", "nodes", "of", "build s", "what does not hold")
    found: list[Upgrade] = []
    with TemporaryDirectory(prefix="ontime-upgrades-", dir="/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        console.print("the same files in a new warehouse")
        expected = publish_anew(place / "anew")
        for name in names or COMMITS:
            console.print(f"{name}: {COMMITS.get(name, 'named on the command line')}")
            it = upgrade(name, place / name, expected)
            found.append(it)
            table.add_row(name, str(it.runs), str(it.nodes), f"{it.seconds:.1f}", "\n".join(it.broken) or "-")
    Console().print(table)
    return max(bool(it.broken) for it in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
