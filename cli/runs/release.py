"""Which code runs: the version of `ontime`, and its commit where it runs from a clone."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def release(project: Path) -> str:
    """Such as `0.1.0 5b1c2d3e4f5a`."""
    with suppress(PackageNotFoundError):
        return f"{version('ontime')} {commit(project)}".strip()
    return commit(project)


def commit(project: Path) -> str:
    """The first twelve digits of the commit that is checked out, or an empty text.

    Read from git's files: to start git takes as long as a hundredth of a build with nothing new.
    """
    with suppress(OSError, ValueError):
        head = project / ".git" / "HEAD"
        said = head.read_text().strip()
        if not said.startswith("ref: "):
            return said[:12]
        name = said.removeprefix("ref: ")
        with suppress(FileNotFoundError):
            return head.parent.joinpath(name).read_text().strip()[:12]
        packed = head.with_name("packed-refs").read_text().splitlines()
        return next((line[:12] for line in packed if line.endswith(f" {name}")), "")
    return ""
