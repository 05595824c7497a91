"""Break models on purpose and say which test, contract or database constraint notices.

    python -m tests.mutation [--only PATTERN] [--jobs N]

Starts a server of its own, builds a small warehouse, and tries the mutants of tests/mutation/mutants.yml on
copies of it. All of them together write target/mutations.md. Exit code 1 when the run and the list disagree:
a mutant survived that nobody explains, an explained one or a control was caught, or a mutant is no SQL.
"""

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.data import FOLDER
from tests.mutation.bench import Template, Verdict, build_template
from tests.mutation.mutants import chosen, read_mutants
from tests.mutation.pool import judge_all
from tests.mutation.report import REPORT, page, surprises
from tests.servers import forget_servers, running_server


def main() -> int:
    """Returns the exit code."""
    parser = ArgumentParser(prog="python -m tests.mutation", description="Break models on purpose.")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="of name, layer, kind or file, with *")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="at a time")
    arguments = parser.parse_args()
    if not FOLDER.exists():
        parser.error(f"the real data is not here: {FOLDER}; ONTIME_TEST_DATA names its folder")
    mutants = chosen(read_mutants(), arguments.only)
    if not mutants:
        parser.error(f"no mutant is like {arguments.only}")
    verdicts = []
    with _a_warehouse() as (folder, template):
        for verdict in judge_all(mutants, folder, template, arguments.jobs):
            print(_line(verdict), flush=True)
            verdicts.append(verdict)
    if arguments.only == "*":
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(page(verdicts))
        print(f"written: {REPORT}")
    for surprise in surprises(verdicts):
        print(f"error: {surprise}", file=sys.stderr)
    return 1 if surprises(verdicts) else 0


@contextmanager
def _a_warehouse() -> Iterator[tuple[Path, Template]]:
    """A folder to work in and a built warehouse, on a server that ends with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server ends with this process in any case
    forget_servers()
    with TemporaryDirectory(prefix="ontime-mutants-") as folder, running_server() as server:
        os.environ["ONTIME_STATE"] = str(server.state)
        yield Path(folder), build_template(Path(folder))


def _line(verdict: Verdict) -> str:
    by = ", ".join(f"{catch.name} ({catch.kind})" for catch in verdict.by[:3])
    return f"{verdict.seconds:5.1f} s  {verdict.outcome:8}  {verdict.mutant.name}: {by}{verdict.said[:300]}"


if __name__ == "__main__":
    sys.exit(main())
