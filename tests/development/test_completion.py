"""Tab: what a real bash is offered, and that it takes neither dbt nor a server."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cli import main as cli
from cli.commands.completing import names_of_group_bys
from ingestion.sources import SOURCES
from tests.projects import PROJECT
from tests.servers import ONTIME

BASH = """
PATH={folder}:$PATH
eval "$(ontime completion bash)"
COMP_WORDS=({words}) COMP_CWORD={last}
_ontime_completion ontime
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(*words: str) -> list[str]:
    """What follows `words`, of which the last is only begun."""
    completions = ShellComplete(cli.main, {}, "ontime", "_ONTIME_COMPLETE")
    return [item.value for item in completions.get_completions(list(words[:-1]), words[-1])]


def test_bash_completes_a_command_and_a_model() -> None:
    for words, expected in {
        ("ontime", "metr"): ["metrics"],
        ("ontime", "build", "--select", "+agg_route"): ["+agg_route_month"],
    }.items():
        script = BASH.format(folder=ONTIME.parent, words=" ".join(words), last=len(words) - 1)
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=False)
        assert done.stdout.split() == expected, done.stderr


def test_zsh_is_given_a_function() -> None:
    done = subprocess.run([ONTIME, "completion", "zsh"], capture_output=True, text=True, check=True)
    assert "#compdef ontime" in done.stdout
    if zsh := shutil.which("zsh"):
        subprocess.run([zsh, "-n", "-c", done.stdout], check=True)


def test_names_are_those_that_ontime_metrics_lists() -> None:
    """docs/metrics.md has the list; another test holds it against `ontime metrics`."""
    page = PROJECT.joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    (metrics,) = re.findall(r"(?s)\nMetrics\n(.*?)\n\nBy\n", page)
    (group_bys,) = re.findall(r"(?s)\n\nBy\n(.*?)\n```", page)
    assert offered("metrics", "") == sorted(re.findall(r"(?m)^  (\w+) ", metrics))
    assert sorted(names_of_group_bys()) == sorted(re.findall(r"(?m)^  (\w+) ", group_bys))


def test_names_after_a_comma_are_further_ones() -> None:
    assert offered("metrics", "flights", "--by", "carrier,carr") == ["carrier,carrier_name"]
    assert "flights,flights" not in offered("metrics", "flights,fl")


@pytest.mark.parametrize("command", ["preview", "impact", "diff", "dev build"])
def test_commands_for_a_change_complete_models(command: str) -> None:
    assert offered(*command.split(), "agg_rou") == ["agg_route_month"]


def test_sources_and_jobs_are_those_that_there_are() -> None:
    assert set(offered("load", "")) == {*SOURCES, "database"}
    assert {"daily", "monthly"} <= set(offered("run", ""))


@pytest.mark.parametrize("words", [("metrics", "on"), ("metrics", "flights", "--by", "c"), ("build", "agg")])
def test_nothing_slow_is_imported(words: tuple[str, ...]) -> None:
    """A third of a second is what fingers wait for; dbt alone takes seconds."""
    code = "import sys; from cli.main import main; main(prog_name='ontime')"
    listed = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    done = subprocess.run(
        [sys.executable, "-c", listed + code],
        env={
            "_ONTIME_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("ontime", *words)),
            "COMP_CWORD": str(len(words)),
            "PATH": "/usr/bin:/bin",
        },
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout
    assert not {"dbt", "dlt", "metricflow", "psycopg2", "pyarrow"} & set(done.stderr.split())


def test_an_activated_shell_completes(tmp_path: Path) -> None:
    """What requirements/install.sh adds to `activate`, on a folder that has what it writes."""
    installer = PROJECT.joinpath("requirements", "install.sh").read_text(encoding="utf-8")
    (lines,) = re.findall(r"(?s)<<'COMPLETION'\n(.*?)\nCOMPLETION\n", installer)
    share = tmp_path / "share" / "ontime"
    share.mkdir(parents=True)
    completed = subprocess.run([ONTIME, "completion", "bash"], capture_output=True, text=True, check=True)
    share.joinpath("complete.bash").write_text(completed.stdout)
    for flags, expected in (("-ic", "_ontime_completion"), ("-c", "")):
        shell = subprocess.run(
            ["bash", "--norc", flags, f"VIRTUAL_ENV={tmp_path}\n{lines}\ncomplete -p ontime"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in shell.stdout
        assert bool(shell.stdout) == bool(expected)
