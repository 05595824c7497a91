"""What we depend on is under licences that somebody has read, and an unknown one is seen."""

import sysconfig
from pathlib import Path

import pytest

from tests.licences.installed import RULES, Package, locked, packages


def test_what_is_installed_here_is_allowed() -> None:
    found = packages(Path(sysconfig.get_path("purelib")))
    assert len(found) > 100
    assert [package for package in found if package.refused] == []


def test_what_was_decided_is_of_locked_packages() -> None:
    assert set(RULES["packages"]) <= locked()


@pytest.mark.parametrize(
    ("stated", "licence", "refused"),
    [
        ("License-Expression: Apache-2.0 OR BSD-3-Clause", "Apache-2.0 OR BSD-3-Clause", ()),
        ("License-Expression: MPL-2.0 AND (Apache-2.0 OR AGPL-3.0)", None, ("AGPL-3.0",)),
        ("License: MIT\nClassifier: License :: OSI Approved :: GNU Affero", "GNU Affero", ("GNU Affero",)),
        ("Classifier: License :: OSI Approved\nClassifier: License :: BSD License", "BSD-3-Clause", ()),
        ("License: MIT", "MIT", ()),
        ("Summary: nothing of licences", "says nothing", ("says nothing",)),
    ],
)  # fmt: skip
def test_a_licence_is_read_as_it_is_stated(
    tmp_path: Path, stated: str, licence: str | None, refused: tuple[str, ...]
) -> None:
    metadata = tmp_path / "Duckdb-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.4\nName: Duckdb\nVersion: 1.0\n{stated}\n")
    (package,) = packages(tmp_path)
    assert package == Package("duckdb", "1.0", licence or package.licence, refused)
