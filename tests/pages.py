"""Pages whose commands are run by a test: guides and runbooks.

    shell = Shell(folder, {"FILE": "/mnt/backups/ontime.dump"})
    for command in commands(page):
        shell.run(command)

What a page writes as `$FILE` the test gives; a command that has to fail says with which code at its end, as
in `ontime build  # exit code 1`.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CODE = re.compile(r"# exit code (\d+)$")


def commands(page: Path) -> list[str]:
    """The commands of a page, in their order: the lines of its blocks of `sh`."""
    blocks = re.findall(r"(?s)```sh\n(.*?)```", page.read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def expected_code(command: str) -> int:
    """With which exit code it has to end."""
    found = _CODE.search(command)
    return int(found[1]) if found else 0


class Shell:
    """A shell that keeps its folder and its variables from command to command."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.said: dict[str, str] = {}
        self._environment = os.environ | variables
        self._kept = folder / "kept.sh"
        self._kept.write_text(f"cd '{folder}'\n")

    def run(self, command: str, expected: int | None = -1, variables: Mapping[str, str] | None = None) -> str:
        """Run a command and return what it said; -1 is the exit code that its line names, None is any."""
        if expected == -1:
            expected = expected_code(command)
        given = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in (variables or {}).items())
        keep = f"{{ echo cd \\'$PWD\\'; export -p; }} >'{self._kept}'"
        done = subprocess.run(
            ["bash", "--norc", "-c", f". '{self._kept}'\n{given}{command}\ncode=$?\n{keep}\nexit $code"],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert expected in (None, done.returncode), f"{command}\n{done.stdout}"
        self.said[command] = self.said.get(command, "") + done.stdout
        return done.stdout
