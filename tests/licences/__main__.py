"""List the licences of all that is locked and installed, and refuse what nobody allowed: `make licences`.

    python -m tests.licences                  .venv, and the other environments that are there

Exit code 1 when a licence is not among those of licences.toml.
"""

import sys
from pathlib import Path

from tests.licences.installed import Package, locked, packages
from tests.projects import PROJECT

ENVIRONMENTS = (".venv", ".venv-airflow", ".venv-sbom")


def main() -> int:
    """Returns the exit code."""
    folders = [it for name in ENVIRONMENTS for it in PROJECT.glob(f"{name}/lib/python3*/site-packages")]
    found = sorted({package for folder in folders for package in packages(folder)}, key=lambda it: it.name)
    for package in found:
        print(f"{package.name:<40} {package.version:<18} {package.licence}")
    elsewhere = locked() - {package.name for package in found}
    print(f"{len(found)} packages; {len(elsewhere)} more are locked and not installed here")
    refused = [package for package in found if package.refused]
    for package in refused:
        print(_refusal(package), file=sys.stderr)
    return 1 if refused else 0


def _refusal(package: Package) -> str:
    rules = Path(__file__).with_name("licences.toml").relative_to(PROJECT)
    return (
        f"error: {package.name} {package.version}: {', '.join(package.refused)} is not allowed\n"
        f"  -> read its licence; say in {rules} that it is, or do without the package"
    )


if __name__ == "__main__":
    sys.exit(main())
