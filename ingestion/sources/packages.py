"""Data files that come with an installed Python package."""

from importlib.util import find_spec
from pathlib import Path

from ingestion.errors import OntimeError


def folder_of(package: str) -> Path:
    """Where a package is installed, found without importing it. Raises OntimeError when it is not."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise OntimeError(
            f"the Python package {package}, which holds the data, is not installed",
            "run `make warehouse`, which installs it, or name files with --from",
        )
    return Path(spec.origin).parent
