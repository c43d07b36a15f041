"""Pictures and files are in a backup as they are in the store, and come back with the site."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from feedserver.errors import BackupUnusable, MediaStoreError
from feedserver.media.files import FileStore
from feedserver.services import WebServices
from feedserver.transfer.backups import backup, media_files
from feedserver.transfer.backups.media_files import MediaFile
from feedserver.transfer.backups.restore import restore
from tests.transfer.backups.test_archive import Files, changed, files_of, packed
from tests.transfer.conftest import silent
from tests.transfer.pictures import add_picture, stored


@pytest.fixture
def archive_with_pictures(services: WebServices, tmp_path: Path) -> Path:
    """The backup of a site with two pictures."""
    for number in b"ab":
        add_picture(services, tmp_path, content=bytes([number]) * 300_000)
    backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)
    return tmp_path / "a.tar.gz"


def restored(archive: bytes, place: WebServices) -> None:
    _, lost = restore(io.BytesIO(archive), place, place.clock(), silent)
    assert not lost


def test_they_come_back_with_the_site(archive_with_pictures: Path, services: WebServices, place: WebServices) -> None:
    restored(archive_with_pictures.read_bytes(), place)

    assert len(stored(place)) == 4
    assert stored(place) == stored(services)


def test_a_stream_holds_them_too(services: WebServices, place: WebServices, tmp_path: Path) -> None:
    add_picture(services, tmp_path)
    stream = io.BytesIO()

    manifest, _ = backup.to_stream(services, stream, services.clock(), silent)
    restored(stream.getvalue(), place)

    assert stored(place) == stored(services)
    assert (manifest.media, manifest.media_bytes) == (2, 700 + 355)


def test_other_programs_find_them_by_their_names(services: WebServices, tmp_path: Path) -> None:
    long = add_picture(services, tmp_path, name=f"{'long ' * 20}end.jpg")
    backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)

    names = [info.name for info, _ in files_of(tmp_path / "a.tar.gz")]

    assert names[:3] == ["manifest.json", "secret", "database.sqlite3"]
    assert [name for name in names if name.startswith(f"media/{long.hash}/") and name.endswith("end.jpg")]


# --- what the site has lost ---


def lose(services: WebServices, folder: Path) -> None:
    """A picture goes missing, another one changes on the disk, a third one is cut."""
    harms: list[Callable[[Path], None]] = [Path.unlink, overwrite, cut]
    for number, harm in enumerate(harms):
        lost = add_picture(services, folder, name=f"{number}.jpg", content=bytes([number]) * 1000)
        harm(services.settings.media_dir / lost.hash / lost.name)


def overwrite(path: Path) -> None:
    path.write_bytes(b"?" * path.stat().st_size)


def cut(path: Path) -> None:
    path.write_bytes(b"?")


def test_a_site_without_one_of_its_pictures_is_backed_up_and_it_is_told(
    services: WebServices, place: WebServices, tmp_path: Path
) -> None:
    add_picture(services, tmp_path)
    lose(services, tmp_path)

    _, lost = backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)
    with (tmp_path / "a.tar.gz").open("rb") as source:
        _, still_lost = restore(source, place, place.clock(), silent)

    assert {file.name for file in lost.missing} == {"0.jpg", "2.jpg"}
    assert [file.name for file in lost.damaged] == ["1.jpg"]
    assert still_lost == lost
    assert {name.rpartition("/")[2] for name in stored(place)} == {
        *("1.jpg", "small-0.jpg", "small-1.jpg", "small-2.jpg"),
        *("屋根 roof.jpg", "small-屋根 roof.jpg"),
    }


def test_what_is_lost_is_told_by_name_as_far_as_a_line_holds(services: WebServices, tmp_path: Path) -> None:
    gone = [add_picture(services, tmp_path, f"{number}.jpg", bytes([number]) * 90) for number in range(5)]
    for one in gone:
        services.media_files.remove(one.hash, one.name)

    _, lost = backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)

    first = sorted(f"{one.hash}/{one.name}" for one in gone)[0]
    assert lost.told.startswith(f"missing: {first}, ")
    assert lost.told.endswith(", 2 more")


# --- all or nothing ---


def test_a_backup_of_files_that_cannot_be_read_leaves_nothing(
    services: WebServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_picture(services, tmp_path)

    def fail(*_: object) -> None:
        raise MediaStoreError("the bucket is away")

    monkeypatch.setattr(FileStore, "open", fail)
    before = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(MediaStoreError, match=r"^the bucket is away$"):
        backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)

    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_restore_that_fails_takes_its_pictures_out_again(
    archive_with_pictures: Path, place: WebServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was there before stays."""
    monkeypatch.setattr("feedserver.transfer.backups.restore._put", fail_to_put)
    there = tmp_path / "there"
    there.write_bytes(b"there")
    place.media_files.put("0" * 32, "there.jpg", there)

    with pytest.raises(KeyboardInterrupt):
        restored(archive_with_pictures.read_bytes(), place)
    assert list(stored(place)) == [f"{'0' * 32}/there.jpg"]

    monkeypatch.undo()
    restored(archive_with_pictures.read_bytes(), place)


def fail_to_put(*_: object) -> None:
    raise KeyboardInterrupt


Change = Callable[[Files], Files]
CHANGES: dict[str, tuple[Change, str]] = {
    "another order": (lambda files: files[::-1], "in the place of a file media/"),
    "one less": (lambda files: files[:1], "it is damaged before its media/"),
    "one more": (lambda files: [*files, files[1]], "something else follows its last file"),
    "another size": (lambda files: [changed(files[0], content=b"x"), files[1]], "has 1 bytes, not "),
    "a link": (
        lambda files: [changed(files[0], type=tarfile.SYMTYPE, linkname="/etc/passwd"), files[1]],
        "in the place of a file media/",
    ),
    "bytes of a missing one": (
        lambda files: [changed(files[0], name=files[0][0].name.replace("media/", "missing/")), files[1]],
        ", not 0",
    ),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_other_files_than_the_database_names_are_refused(
    services: WebServices, file_place: WebServices, change: Change, said: str, tmp_path: Path
) -> None:
    add_picture(services, tmp_path, name="roof.jpg")
    backup.to_file(services, tmp_path / "a.tar.gz", services.clock(), silent)
    files = files_of(tmp_path / "a.tar.gz")

    with pytest.raises(BackupUnusable) as refused:
        restored(packed([*files[:3], *change(files[3:])]), file_place)

    assert said in str(refused.value)
    assert stored(file_place) == {}


@pytest.mark.parametrize("name", ["../../climbing.jpg", "/etc/passwd", ".hidden", "a\0b", ""])
def test_a_name_that_leads_out_of_the_store_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "unpacked").write_bytes(b"x")
    file = MediaFile("0" * 32, name, 1)
    before = sorted(tmp_path.rglob("*"))

    with (
        pytest.raises(MediaStoreError),
        media_files.stored(FileStore(tmp_path / "media", private=True), [(file, tmp_path / "unpacked")]),
    ):
        raise AssertionError("it was stored")

    assert sorted(tmp_path.rglob("*")) == before
