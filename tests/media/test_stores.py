"""Stores of pictures and files: a folder, and a bucket of a real server of S3. The same tests for both."""

import os
import stat
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from feedserver.app import create_app
from feedserver.errors import MediaStoreError
from feedserver.media.files import FileStore
from feedserver.media.s3 import BucketStore
from feedserver.media.stores import MediaStore, Reader
from feedserver.settings import MediaSettings, Settings
from tests.support import bucket
from tests.support.fixtures import Assemble
from tests.support.media_files import encoded, quarters

HASH, OTHER = "0123456789abcdef" * 2, "f" * 32
NAMES = ["roof.jpg", "käse~1.png", "日本.tar.gz"]


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    if bucket.python() is None:
        pytest.skip(bucket.WHY_NOT)
    with bucket.running_bucket() as environ:
        yield environ


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MediaStore:
    """An empty store."""
    if request.param == "folder":
        return FileStore(tmp_path / "media", private=True)
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return BucketStore(f"s3://{bucket.NAME}/{tmp_path.name}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "given"
    path.write_bytes(bytes(range(256)) * 8)
    return path


def all_of(reader: Reader) -> bytes:
    pieces = []
    while piece := reader.read(1000):
        assert len(piece) <= 1000
        pieces.append(piece)
    reader.close()
    return b"".join(pieces)


def test_what_is_put_can_be_read_measured_listed_and_removed(store: MediaStore, file: Path) -> None:
    for name in NAMES:
        store.put(HASH, name, file)
    store.put(OTHER, NAMES[0], file)

    assert sorted(store.names()) == sorted([*((HASH, name) for name in NAMES), (OTHER, NAMES[0])])
    assert all(store.size(HASH, name) == 2048 for name in NAMES)
    assert all(all_of(store.open(HASH, name)) == bytes(range(256)) * 8 for name in NAMES)

    for name in NAMES:
        store.remove(HASH, name)

    assert list(store.names()) == [(OTHER, NAMES[0])]
    assert store.size(HASH, NAMES[0]) is None
    assert file.exists()


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 2047), (255, 258), (2047, 2047), (1000, None), (2040, 9999)])
def test_a_part_is_what_a_range_names(store: MediaStore, file: Path, first: int, last: int | None) -> None:
    store.put(HASH, "a.bin", file)
    whole = file.read_bytes()

    assert all_of(store.open(HASH, "a.bin", first, last)) == whole[first : None if last is None else last + 1]


def test_what_is_not_there_is_told_from_a_failure(store: MediaStore) -> None:
    store.remove(HASH, "a.jpg")

    assert store.size(HASH, "a.jpg") is None
    assert list(store.names()) == []
    with pytest.raises(FileNotFoundError):
        store.open(HASH, "a.jpg")


def test_putting_anew_takes_the_place_of_what_is_there(store: MediaStore, file: Path) -> None:
    store.put(HASH, "a.bin", file)
    file.write_bytes(b"whole")

    store.put(HASH, "a.bin", file)

    assert all_of(store.open(HASH, "a.bin")) == b"whole"


def test_a_large_file_is_put_and_read_in_pieces(store: MediaStore, tmp_path: Path) -> None:
    large = tmp_path / "film.mp4"
    with large.open("wb") as film:
        film.truncate(18_000_000)
        film.seek(17_999_000)
        film.write(b"the end")
    tracemalloc.start()

    store.put(HASH, "film.mp4", large)
    reader = store.open(HASH, "film.mp4", 9_000_000)
    read = 0
    while piece := reader.read(1 << 16):
        read += len(piece)
    reader.close()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read == 9_000_000
    assert most < 10_000_000


def test_an_empty_file_is_a_file(store: MediaStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    store.put(HASH, "a.bin", tmp_path / "empty")

    assert store.size(HASH, "a.bin") == 0
    assert all_of(store.open(HASH, "a.bin")) == b""


# --- a folder ---


@pytest.mark.parametrize(("private", "modes"), [(True, {0o600, 0o700}), (False, {0o644, 0o755})])
def test_others_can_read_a_folder_that_is_theirs_to_serve(
    tmp_path: Path, file: Path, private: bool, modes: set[int]
) -> None:
    file.chmod(0o600)
    before = os.umask(0o027)
    try:
        FileStore(tmp_path / "pub" / "media", private=private).put(HASH, "a.jpg", file)
    finally:
        os.umask(before)

    stored = tmp_path / "pub" / "media" / HASH / "a.jpg"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (stored, *list(stored.parents)[:3])} == modes


def test_a_name_is_given_to_what_is_whole_and_on_disk(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync, replace = os.fsync, os.replace

    def told_sync(descriptor: int) -> None:
        told.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    def told_replace(old: Path, new: Path) -> None:
        told.append(f"named {new}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", told_sync)
    monkeypatch.setattr(os, "replace", told_replace)
    folder = tmp_path / "media"

    FileStore(folder, private=True).put(HASH, "a.jpg", file)

    assert told[0].startswith(str(folder / ".unfinished"))
    assert told[1:] == [f"named {folder / HASH / 'a.jpg'}", str(folder / HASH), str(folder)]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    store = FileStore(tmp_path / "media", private=True)

    with pytest.raises(MediaStoreError, match="No space left on device"):
        store.put(HASH, "a.jpg", file)

    assert list(store.names()) == []
    assert list((tmp_path / "media/.unfinished").iterdir()) == []


def test_what_a_killed_process_has_left_goes_after_a_day(tmp_path: Path, file: Path) -> None:
    store = FileStore(tmp_path / "media", private=True)
    store.put(HASH, "a.jpg", file)
    left, written = (tmp_path / "media/.unfinished" / name for name in ("left", "written"))
    left.touch()
    written.touch()
    os.utime(left, (1, 1))

    store.put(HASH, "b.jpg", file)

    assert written.exists()
    assert not left.exists()


@pytest.mark.parametrize(
    ("hash_", "name"), [("../" + HASH, "a"), (HASH, "../a"), (HASH, ".."), (HASH, ""), ("A" * 32, "a"), (HASH, "a\0")]
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, file: Path, hash_: str, name: str) -> None:
    store = FileStore(tmp_path / "media", private=True)

    with pytest.raises(MediaStoreError):
        store.put(hash_, name, file)


def test_a_folder_that_nobody_may_use_is_told(tmp_path: Path, file: Path) -> None:
    (tmp_path / "media").write_text("a file")

    with pytest.raises(MediaStoreError, match="media: File exists"):
        FileStore(tmp_path / "media", private=True).put(HASH, "a.jpg", file)


# --- a bucket ---


def test_a_bucket_that_is_missing_or_silent_is_told_in_a_line(
    s3: dict[str, str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(MediaStoreError, match=r"s3://elsewhere/x: .*404") as missing:
        BucketStore("s3://elsewhere/x").put(HASH, "a.jpg", file)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(MediaStoreError) as silent:
        BucketStore(f"s3://{bucket.NAME}").size(HASH, "a.jpg")

    assert "\n" not in f"{missing.value}{silent.value}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_site_takes_pictures_into_a_bucket_and_serves_them_from_it(
    s3: dict[str, str], settings: Settings, assemble: Assemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{bucket.NAME}/{tmp_path.name}"
    services = assemble(replace(settings, media=MediaSettings(store=url)))
    (tmp_path / "roof").write_bytes(encoded(quarters(400, 20), "PNG"))

    added = services.library.add(tmp_path / "roof", "roof.png")

    answer = create_app(services=services).test_client().get(f"/{added.path}", headers={"Range": "bytes=1-3"})
    assert (answer.status_code, answer.data) == (206, b"PNG")
    assert sorted(BucketStore(url).names()) == sorted((one.hash, one.name) for one in (added, *added.copies))
    assert not (tmp_path / "media").exists()
