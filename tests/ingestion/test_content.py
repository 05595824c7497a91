"""Opening files: packed or not, damaged, missing."""

import gzip
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.content import Content, identify, size_unpacked
from ingestion.errors import OntimeError

TEXT = b"a,b\n" + bytes(range(32, 127)) * 5_000


def plain(path: Path) -> None:
    path.write_bytes(TEXT)


def gzipped(path: Path) -> None:
    path.write_bytes(gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.html", "<p>")
        archive.writestr("folder/On_Time.CSV", TEXT)


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.zip", "x"])
@pytest.mark.parametrize(("write", "size"), [(plain, len(TEXT)), (gzipped, None), (zipped, len(TEXT))])
def test_content_is_the_same_however_packed(
    write: Callable[[Path], None], size: int | None, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    write(path)
    positions: list[int] = []
    with Content(path, positions.append) as content:
        assert b"".join(iter(lambda: content.read(7_000), b"")) == TEXT
        assert content.size == len(TEXT)
        assert content.file_id == hashlib.sha256(TEXT).hexdigest() == identify(path)
    assert positions == sorted(positions)
    assert positions[-1] <= path.stat().st_size
    assert size_unpacked(path) == size


def several_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("one.csv", "two.csv"):
            archive.writestr(name, "a,b\n1,2\n")


def no_member(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.html", "<p>")


def cut(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def write_half(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return write_half


def flipped(path: Path) -> None:
    zipped(path)
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2] ^= 255
    path.write_bytes(packed)


def nothing(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("write", "message"),
    [
        pytest.param(
            several_members, "holds 2 CSV files (one.csv, two.csv); one is expected", id="two members"
        ),
        pytest.param(no_member, "holds no CSV file; one is expected", id="no member"),
        pytest.param(cut(gzipped), "is damaged or cut off", id="cut gzip"),
        pytest.param(cut(zipped), "is damaged or cut off", id="cut zip"),
        pytest.param(flipped, "is damaged or cut off", id="damaged zip"),
        pytest.param(Path.mkdir, "is not a file", id="folder"),
        pytest.param(os.mkfifo, "is not a file", id="pipe"),
        pytest.param(nothing, "does not exist", id="missing"),
    ],
)
def test_what_cannot_be_read(write: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write(path)
    with pytest.raises(OntimeError) as raised:
        identify(path)
    assert raised.value.message.startswith(f"{path}: {message}")
    assert raised.value.remedy


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may read everything: become somebody else meanwhile."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.parametrize("mode", ["file", "folder"])
def test_no_permission(mode: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "x.csv"
    plain(path)
    (path if mode == "file" else tmp_path).chmod(0)
    request.getfixturevalue("unprivileged")
    with pytest.raises(OntimeError, match="may not be read by this user"):
        identify(path)
