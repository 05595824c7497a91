"""Opening files: packed or not, damaged, missing."""

import gzip
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.data_file import DATA_SUFFIXES, DataFile
from ingestion.errors import OntimeError
from ingestion.finding.content import Content, data_file, identify, members_of
from ingestion.finding.fetch.paths import expand

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
    file = data_file(path)
    with Content(file, positions.append) as content:
        assert b"".join(iter(lambda: content.read(7_000), b"")) == TEXT
        assert content.size == len(TEXT)
        assert content.file_id == hashlib.sha256(TEXT).hexdigest() == identify(file)
        assert content.size_unpacked == size
    assert positions == sorted(positions)
    assert positions[-1] <= path.stat().st_size


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
        pytest.param(cut(gzipped), "is damaged or cut off", id="cut gzip"),
        pytest.param(cut(zipped), "is damaged or cut off", id="cut zip"),
        pytest.param(flipped, "is damaged or cut off: Bad CRC-32", id="damaged zip"),
        pytest.param(Path.mkdir, "is not a file", id="folder"),
        pytest.param(os.mkfifo, "is not a file", id="pipe"),
        pytest.param(nothing, "does not exist", id="missing"),
    ],
)
def test_what_cannot_be_read(write: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write(path)
    with pytest.raises(OntimeError) as raised:
        identify(data_file(path))
    assert raised.value.message.startswith(str(path))
    assert f": {message}" in raised.value.message
    assert raised.value.remedy


def test_members_are_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("below/b.TXT", TEXT[:9])
    first, second = members_of(DataFile.at(path, "https://example.org/two.zip", "2024-01"))
    assert (first.name, first.member) == ("two.zip!a.csv", "a.csv")
    assert second.location == "https://example.org/two.zip!below/b.TXT"
    assert second.expected_month == "2024-01"
    with Content(first) as of_first, Content(second) as of_second:
        assert [of_first.size_unpacked, of_second.size_unpacked] == [len(TEXT), 9]
    assert identify(first) == hashlib.sha256(TEXT).hexdigest()
    with pytest.raises(OntimeError, match=r"two.zip: holds 2 files with data"):
        data_file(path)


@pytest.mark.parametrize("write", [plain, gzipped, zipped])
def test_writing_into_a_file_while_it_is_read(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path)
    with Content(data_file(path)) as content:
        content.read(10)
        with path.open("ab") as other:
            other.write(b"1,2\n")
        with pytest.raises(OntimeError, match="the file changed while it was loaded"):
            while content.read():
                pass


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
        identify(data_file(path))


def test_no_permission_to_list_a_folder(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "private"
    folder.mkdir(0)
    request.getfixturevalue("unprivileged")
    with pytest.raises(OntimeError, match="private: may not be read by this user"):
        expand(folder, DATA_SUFFIXES)
