"""Where the time of a run of the tests went.

    python -m tests.slow target/tests.xml   # what pytest wrote with --junitxml

Seconds are those of tests with their fixtures, in whichever process they ran: two processes have two of them
in one second of a clock.
"""

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.projects import PROJECT

SLOWEST = 30


def main(report: Path) -> int:
    """Prints seconds by folder and the slowest tests. Returns the exit code."""
    if not report.exists():
        print(f"error: there is no {report}\n  -> make one: make test", file=sys.stderr)
        return 1
    seconds = seconds_by_test(report)
    for folder in sorted({folder for folder, _ in seconds}):
        spent = [seconds[test] for test in seconds if test[0] == folder]
        print(f"{sum(spent):8.1f} s  {folder}, {len(spent):,} tests")
    print(f"the slowest {SLOWEST}:")
    for folder, name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:SLOWEST]:
        print(f"{seconds[folder, name]:8.1f} s  {folder}/{name}")
    return 0


def seconds_by_test(report: Path) -> dict[tuple[str, str], float]:
    """Of each test, by its folder and its name below it: seconds of its call and of the fixtures it made."""
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (our own file)
        *folder, module = case.attrib["classname"].split(".")
        seconds["/".join(folder), f"{module}.py::{case.attrib['name']}"] += float(case.attrib["time"])
    return seconds


if __name__ == "__main__":
    sys.exit(main(PROJECT / sys.argv[1]))
