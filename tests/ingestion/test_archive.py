"""Archives: which members are read, and which archives are not to be touched."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.data_file import DataFile
from ingestion.errors import OntimeError
from ingestion.finding import archive as limits
from ingestion.finding.content import Content, LastArchive, data_file, members_of

ITEMS = b"item,price\npen,1\n"


def write_zip(path: Path, *members: str, data: bytes = ITEMS) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return path


def test_members_with_data(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "x.zip",
        "readme.html",
        "README.txt",
        "notes.pdf",
        "__MACOSX/._one.csv",
        "__MACOSX/two.csv",
        ".hidden.csv",
        "folder/.hidden/three.csv",
        "folder/",
        "folder.csv/",
        "one.csv",
        "folder/within/two.TXT",
        "name with ! and é.csv",
    )
    assert [file.member for file in members_of(DataFile.at(path))] == [
        "one.csv",
        "folder/within/two.TXT",
        "name with ! and é.csv",
    ]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        (["../one.csv"], "a file whose name leads out of the archive, '../one.csv'"),
        (["a/../../one.csv"], "leads out of the archive"),
        (["/etc/passwd", "one.csv"], "leads out of the archive, '/etc/passwd'"),
        (["..\\one.csv"], "leads out of the archive"),
        (["C:\\one.csv"], "leads out of the archive"),
        (["readme.html", "notes.pdf"], "holds no file with data, but readme.html, notes.pdf"),
        ([], "holds no file with data, but nothing"),
        (
            [f"{number}.csv" for number in range(10_001)],
            "holds 10,001 files; 10,000 are read",
        ),
    ],
)
def test_archives_that_are_refused(members: list[str], problem: str, tmp_path: Path) -> None:
    with pytest.raises(OntimeError) as raised:
        data_file(write_zip(tmp_path / "x.zip", *members))
    assert problem in raised.value.message
    assert raised.value.remedy


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(OntimeError, match="holds two files named one"):
        data_file(write_zip(tmp_path / "x.zip", "one.csv", "one.csv"))


def test_encrypted_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", "one.csv")
    packed = bytearray(path.read_bytes())
    packed[packed.index(b"PK\1\2") + 8] |= 1  # flag of encryption in the directory of members
    path.write_bytes(packed)
    with pytest.raises(OntimeError, match=r"x.zip: one.csv is encrypted"):
        data_file(path)


ZEROS = bytes(limits.HARMLESS + 1)


def zip_bomb(path: Path) -> None:
    write_zip(path, "bomb.csv", data=ZEROS)


def zip_of_many(path: Path) -> None:
    """Each member is harmless, all together are not."""
    write_zip(path, *(f"{number}.csv" for number in range(20)), data=ZEROS[: limits.HARMLESS // 16])


def gzip_bomb(path: Path) -> None:
    path.write_bytes(gzip.compress(ZEROS))


@pytest.mark.parametrize("write", [zip_bomb, zip_of_many, gzip_bomb])
def test_bombs(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    write(path)
    with pytest.raises(OntimeError, match="unpacks to more than 200 times its size"):
        read_all(path)


def test_a_member_that_is_longer_than_it_says(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", "bomb.csv", data=ZEROS)
    packed = bytearray(path.read_bytes())
    at = packed.index(b"PK\1\2") + 24  # unpacked size in the directory of members
    packed[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(packed)
    with pytest.raises(OntimeError, match="is damaged or cut off"):
        read_all(path)


def small_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(ITEMS))


def small_zip(path: Path) -> None:
    write_zip(path, "items.csv")


@pytest.mark.parametrize("write", [small_gzip, small_zip])
def test_the_largest_content(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LARGEST_CONTENT", len(ITEMS))
    path = tmp_path / "x"
    write(path)
    read_all(path)
    monkeypatch.setattr(limits, "LARGEST_CONTENT", len(ITEMS) - 1)
    with pytest.raises(OntimeError, match="unpacks to more than"):
        read_all(path)


def read_all(path: Path) -> None:
    with Content(data_file(path)) as content:
        while content.read():
            pass


def test_an_archive_stays_open_while_its_members_are_looked_at(tmp_path: Path) -> None:
    """Its directory is read once, however many members it has: here it is gone when they are read."""
    path, other = tmp_path / "two.zip", tmp_path / "other.zip"
    for archive in (path, other):
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("a.csv", "a\n1\n")
            written.writestr("b.csv", "b\n2\n")
    with LastArchive() as archives:
        members = members_of(DataFile.at(path), archives=archives)
        path.unlink()
        texts = []
        for member in members:
            with Content(member, archives=archives) as content:
                texts.append(content.read())
        assert texts == [b"a\n1\n", b"b\n2\n"]
        members_of(DataFile.at(other), archives=archives)
        with pytest.raises(OntimeError, match="does not exist"), Content(members[0], archives=archives):
            pass
