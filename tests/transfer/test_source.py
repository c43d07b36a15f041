"""Where an import reads: files, folders and archives, some of them made to harm."""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from feedserver.errors import ImportRefused
from feedserver.transfer import packed
from feedserver.transfer import source as sources
from feedserver.transfer.source import Source, opened

Fill = Callable[[Path], None]


def read_all(path: Path, scratch: Path) -> dict[str, bytes]:
    with opened(path, scratch) as source:
        return {name: read(source, name) for name in source.names()}


def read(source: Source, name: str) -> bytes:
    with source.open(name) as file:
        content = file.read()
    with source.on_disk(name) as path:
        assert path.read_bytes() == content
    assert source.size(name) == len(content)
    return content


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (folder := tmp_path / "scratch").mkdir()
    return folder


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def folder_of(path: Path, members: dict[str, bytes]) -> Path:
    for name, content in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


MAKERS = {"a.zip": zip_of, "a.tar.gz": tar_of, "a.tar": tar_of, "folder": folder_of}


@pytest.mark.parametrize("name", MAKERS)
def test_folders_and_archives_give_the_same_files(name: str, tmp_path: Path, scratch: Path) -> None:
    members = {
        "b/two.md": b"two" * 100_000,
        "one.md": b"",
        "b/c/drei ä.md": b"3",
        ".git/config": b"x",
        "b/._two.md": b"x",
    }

    path = MAKERS[name](tmp_path / name, members)

    with opened(path, scratch) as source:
        assert (source.is_folder, source.path) == (True, path)
        assert source.names() == ("b/c/drei ä.md", "b/two.md", "one.md")
    assert read_all(path, scratch) == {name: members[name] for name in ("b/c/drei ä.md", "b/two.md", "one.md")}
    assert not list(scratch.iterdir())


def test_a_file_is_a_source_of_one_name(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "posts.xml").write_bytes(b"<rss/>")

    with opened(tmp_path / "posts.xml", scratch) as source:
        assert not source.is_folder
    assert read_all(tmp_path / "posts.xml", scratch) == {"posts.xml": b"<rss/>"}


@pytest.mark.parametrize(
    ("written", "read"),
    [("屋根.md".encode(), "屋根.md"), (b"caf\x82.md", "café.md")],
    ids=["UTF-8", "the code page of DOS"],
)
def test_a_zip_that_does_not_say_how_its_names_are_written_is_read_as_it_was_meant(
    written: bytes, read: str, tmp_path: Path, scratch: Path
) -> None:
    path = zip_of(tmp_path / "a.zip", {"x" * len(written): b"text"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(written), written))

    assert read_all(path, scratch) == {read: b"text"}


def test_links_and_pipes_in_a_folder_are_passed_over(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    folder = folder_of(tmp_path / "site", {"post.md": b"text"})
    (folder / "link.md").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.md")

    assert read_all(folder, scratch) == {"post.md": b"text"}


def with_member(**attributes: object) -> Fill:
    """Makes a tar with one odd member."""

    def fill(path: Path) -> None:
        info = tarfile.TarInfo("odd")
        for name, value in attributes.items():
            setattr(info, name, value)
        with tarfile.open(path, "w:gz") as archive:
            archive.addfile(info, io.BytesIO(bytes(info.size)))

    return fill


def with_zipped(name: str = "odd", content: bytes = b"text", **attributes: int) -> Fill:
    def fill(path: Path) -> None:
        info = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(info, attribute, value)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, content, attributes.get("compress_type", zipfile.ZIP_DEFLATED))

    return fill


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("./a", b"2")


def twice_in_tar(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a"))
        archive.addfile(tarfile.TarInfo("./a"))


def cut_zip(path: Path) -> None:
    path.write_bytes(zip_of(path, {"a": os.urandom(9999)}).read_bytes()[:5000])


def damaged_zip(path: Path) -> None:
    whole = bytearray(zip_of(path, {"a": os.urandom(9999)}).read_bytes())
    whole[5000] ^= 0xFF
    path.write_bytes(whole)


def zip_saying(at: int, value: int) -> Fill:
    """Makes a zip whose directory has this value in a byte of its entry."""

    def fill(path: Path) -> None:
        whole = bytearray(zip_of(path, {"a": b"text"}).read_bytes())
        whole[whole.index(b"PK\1\2") + at] |= value
        path.write_bytes(whole)

    return fill


def cut_tar(path: Path) -> None:
    path.write_bytes(tar_of(path.with_suffix(".gz"), {"a": os.urandom(9999)}).read_bytes()[:5000])


def no_tar(path: Path) -> None:
    path.write_bytes(gzip.compress(b"<rss>" * 1000))


def long_header(path: Path) -> None:
    """A PAX header of 100 MB, which shrinks to 100 kB."""
    info = tarfile.TarInfo("head")
    info.type, info.size = tarfile.XHDTYPE, 100 << 20
    with gzip.open(path, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(100):
            file.write(bytes(1 << 20))


def many_headers(path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2
    path.write_bytes(gzip.compress((info.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 1000))


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as member:
        for _ in range(110):
            member.write(bytes(1 << 20))


def bomb_in_tar(path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.size = 5 << 30
    path.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))


HOSTILE = {
    "a zip that climbs out": with_zipped("../odd"),
    "a zip with an absolute name": with_zipped("/etc/odd"),
    "a zip with a drive": with_zipped("C:/odd"),
    "a zip that climbs out with backslashes": with_zipped("a\\..\\..\\odd"),
    "a zip with control characters": with_zipped("a\nb"),
    "a zip with too long a name": with_zipped("a" * 2000),
    "a zip with a link": with_zipped(external_attr=0o120777 << 16),
    "a zip with a device": with_zipped(external_attr=0o060600 << 16),
    "a zip compressed otherwise": with_zipped(compress_type=zipfile.ZIP_LZMA),
    "an encrypted zip": zip_saying(8, 0x01),
    "a zip of patches": zip_saying(8, 0x20),
    "a zip of another encryption": zip_saying(8, 0x40),
    "a zip of a version to come": zip_saying(6, 0xC0),
    "a zip with one name twice": twice,
    "a zip that is cut off": cut_zip,
    "a damaged zip": damaged_zip,
    "a zip bomb": bomb,
    "a tar that climbs out": with_member(name="../odd"),
    "a tar with an absolute name": with_member(name="/odd"),
    "a tar with a symbolic link": with_member(type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a tar with a hard link": with_member(type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "a tar with a device": with_member(type=tarfile.CHRTYPE),
    "a tar with a pipe": with_member(type=tarfile.FIFOTYPE),
    "a tar with one name twice": twice_in_tar,
    "a tar that is cut off": cut_tar,
    "a gzip without a tar": no_tar,
    "a tar with a header of 100 MB": long_header,
    "a tar with a thousand headers before a file": many_headers,
    "a tar bomb": bomb_in_tar,
}


@pytest.mark.parametrize("fill", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_archive_is_refused_with_one_line(fill: Fill, tmp_path: Path, scratch: Path) -> None:
    (folder := tmp_path / "in").mkdir()
    fill(folder / "a")

    with pytest.raises(ImportRefused, match=r"\A[^\n]{10,400}\Z"):
        read_all(folder / "a", scratch)
    assert not list(scratch.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "scratch"]


@pytest.mark.parametrize("content", [b"<rss>" * 1000, b"<rss/>", b""])
def test_a_single_file_in_gzip_is_to_be_unpacked_first(content: bytes, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "export.xml.gz").write_bytes(gzip.compress(content))

    with pytest.raises(ImportRefused, match=r"^it is a single file in gzip, .*unpack it first \(gunzip\)$"):
        read_all(tmp_path / "export.xml.gz", scratch)


def test_a_gzip_that_is_damaged_is_not_taken_for_a_single_file(tmp_path: Path, scratch: Path) -> None:
    whole = tar_of(tmp_path / "a.tar.gz", {"a": b"text"}).read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(whole[:30] + bytes(20) + whole[50:])

    with pytest.raises(ImportRefused, match="it is damaged"):
        read_all(tmp_path / "a.tar.gz", scratch)


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_an_archive_of_too_many_files_is_refused(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MOST_MEMBERS", 3)

    with pytest.raises(ImportRefused, match="more than 3 files"):
        read_all(make(tmp_path / "a.gz", dict.fromkeys("abcd", b"")), scratch)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 3)

    with pytest.raises(ImportRefused, match=r"^it holds more than 3 files$"):
        read_all(folder_of(tmp_path / "site", dict.fromkeys("abcd", b"")), scratch)


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_an_archive_that_a_nearly_full_disk_does_not_hold_is_refused(
    make: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fstatvfs", lambda _: SimpleNamespace(f_bavail=15, f_frsize=10))

    with pytest.raises(ImportRefused, match=r"^it takes 100 bytes to unpack “a”, and the disk has not twice as many$"):
        read_all(make(tmp_path / "a.gz", {"a": bytes(100)}), scratch)
    assert not list(scratch.iterdir())


def test_a_zip_whose_directory_fills_the_memory_is_refused(tmp_path: Path, scratch: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", b"")
        for number in range(200):
            info = zipfile.ZipInfo(f"{number}")
            info.comment = bytes(60_000)
            archive.writestr(info, b"")

    with pytest.raises(ImportRefused, match="too large"):
        read_all(tmp_path / "a.zip", scratch)


def test_what_is_not_there_is_refused_with_a_line(tmp_path: Path, scratch: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for name, said in (("nowhere", "there is no such file or folder"), ("pipe", "pipe is no plain file")):
        with pytest.raises(ImportRefused, match=said):
            read_all(tmp_path / name, scratch)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", os.fsdecode(b"\xff")], ids=ascii)
def test_a_folder_with_an_unreadable_name_is_refused(name: str, tmp_path: Path, scratch: Path) -> None:
    folder_of(tmp_path / "site", {name: b""})

    with pytest.raises(ImportRefused, match=r"\A[ -~“”]+\Z"):
        read_all(tmp_path / "site", scratch)
