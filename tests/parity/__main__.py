"""Build a warehouse on Postgres and on Spark, and show what differs in the marts.

    python -m tests.parity                  # small: some of every source
    python -m tests.parity sample data

With the sample, beeline is asked the questions of docs/questions.md too. Takes Java and what `make spark`
installs. Exit code 1 when a build fails, a checksum or an answer differs.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.spark.settings import NAMED
from tests.parity.compare import compare_marts
from tests.parity.questions import Answers, ask_the_page
from tests.parity.warehouses import INPUTS, both_engines
from tests.servers import forget_servers, running_server


def main(names: Sequence[str]) -> int:
    """Returns the exit code."""
    if unknown := set(names) - INPUTS.keys():
        print(f"no such inputs: {', '.join(unknown)}; there are: {', '.join(INPUTS)}", file=sys.stderr)
        return 2
    forget_servers(NAMED)
    return max(differs(name) for name in names or ("small",))


def differs(inputs: str) -> bool:
    """Build both and say what differs."""
    with TemporaryDirectory(prefix="ontime-parity-") as folder, running_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        with both_engines(Path(folder), inputs) as both:
            if failed := both.build_on_spark():
                print(failed)
                return True
            found = compare_marts(both.project)
            answers = ask_the_page(both.spark) if inputs == "sample" else Answers()
    for difference in found[:200]:
        print(difference)
    print(f"{inputs}: {len(found)} cells or rows differ")
    if answers.equal:
        print(f"docs/questions.md by beeline: {answers}")
    return bool(found or answers.different)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
