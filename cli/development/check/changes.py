"""What changed: files, as git knows them, and the code of nodes since a revision."""

import os
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.building.build_state import Cursor, State
from ingestion import PROJECT
from ingestion.errors import OntimeError

RELEASE = """
    select command.release from ops.runs as publication
    inner join ops.runs as command on command.run_id = publication.run_id and command.step = 'command'
    where publication.step = 'publish'
    order by publication.started_at desc
    limit 1
"""


def published_commit(cursor: Cursor) -> str:
    """The commit that was published last, or an empty text where none is recorded."""
    cursor.execute(RELEASE)
    releases = [release for (release,) in cursor.fetchall() if release and " " in release]
    return releases[0].split()[-1] if releases else ""


def base_of(commit: str) -> str:
    """What files are compared with: that commit, or what is checked out where this clone has it not."""
    return commit if _is_commit(commit) else "HEAD"


def remark_on(commit: str) -> str:
    """Why production may be newer than the code here; an empty text where it is not."""
    if commit and not _is_commit(commit):
        return f"published from {commit}, a commit that this clone has not"
    if commit and _git("merge-base", "--is-ancestor", "HEAD", f"{commit}~1").returncode == 0:
        return f"published from {commit}, which is newer than what is checked out"
    return ""


def changed_files(base: str) -> list[str]:
    """Files that differ from a revision and are there, those included that git does not know yet."""
    changed = _lines("diff", "--name-only", "--diff-filter=d", "--relative", base)
    return sorted({*changed, *_lines("ls-files", "--others", "--exclude-standard")})


def state_at(revision: str) -> State:
    """The fingerprints of the nodes of a revision, which dbt reads in a folder of its own."""
    from cli.building.fingerprints import Fingerprints

    if not _is_commit(revision):
        raise OntimeError(
            f"git knows no revision {revision}", "name a branch, a tag or a commit: --against main"
        )
    with TemporaryDirectory() as folder:
        archived = subprocess.run(
            [
                "git",
                "archive",
                revision,
                "dbt_project.yml",
                "profiles.yml",
                "models",
                "macros",
                "seeds",
                "tests/dbt",
            ],
            cwd=PROJECT,
            capture_output=True,
            check=True,
        )
        with tarfile.open(fileobj=BytesIO(archived.stdout)) as files:
            files.extractall(folder, filter="data")
        manifest = _parse(Path(folder))
    return State("", {}, {}, nodes=Fingerprints(manifest).of_nodes())


def _parse(project: Path) -> object:
    """dbt's manifest of another folder; of what it has read here it reads what differs."""
    from dbt.cli.main import dbtRunner

    target = project / "target"
    target.mkdir()
    read = PROJECT / "target" / "partial_parse.msgpack"
    if read.exists():
        shutil.copy(read, target)
    places = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target)]
    command = ["--log-level", "none", "--no-write-json", "--log-path", str(project / "logs")]
    outcome = dbtRunner().invoke([*command, "parse", "--target", "prod", *places])
    if outcome.exception is not None or not outcome.success:
        raise OntimeError(
            f"dbt cannot read that revision: {outcome.exception}", "compare with another: --against"
        )
    return outcome.result


def _is_commit(name: str) -> bool:
    known = bool(name) and not name.startswith("-")
    return known and _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").returncode == 0


def _lines(*arguments: str) -> list[str]:
    done = _git(*arguments)
    if done.returncode != 0:
        raise OntimeError(
            f"git cannot say which files changed: {done.stderr.strip()}", "run it in a clone of the project"
        )
    return done.stdout.splitlines()


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
