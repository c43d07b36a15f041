"""Pictures and files are taken in: each once, and nothing is left behind."""

from pathlib import Path

from PIL import Image, PngImagePlugin

from feedserver.media import store
from feedserver.media.auditing import Audit, audit
from feedserver.services import WebServices
from tests.support.media_files import encoded

PDF = b"%PDF-1.4\n1 0 obj\n"


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_files_that_become_the_same_are_one_under_the_first_name(services: WebServices, tmp_path: Path) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "Taken at home")
    image = Image.new("RGB", (1700, 3), "red")
    plain = services.library.add(written(tmp_path, "first.png", encoded(image, "PNG")), "first.png")

    same = services.library.add(written(tmp_path, "other.png", encoded(image, "PNG", pnginfo=note)), "other.png", "Red")

    assert (same.hash, same.name, same.alt, same.copies) == (plain.hash, "first.png", "Red", plain.copies)
    with services.database.read() as connection:
        assert [one.name for one in store.everything(connection)] == ["first.png"]
    assert audit(services.database, services.media_files) == Audit((), ())


def test_the_same_bytes_under_two_names_beside_one_document_are_one_file(services: WebServices, tmp_path: Path) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "Taken at home")
    image = Image.new("RGB", (4, 3), "red")
    contents = {
        "a.png": encoded(image, "PNG"),
        "b.png": encoded(image, "PNG"),
        "c.png": encoded(image, "PNG", pnginfo=note),
    }

    kept = services.library.keep_all({name: written(tmp_path, name, bytes_) for name, bytes_ in contents.items()})

    (hash_,) = {one.hash for one in kept.values()}
    assert audit(services.database, services.media_files) == Audit((), (f"{hash_}/a.png",))


def test_an_alternative_text_that_is_there_stays(services: WebServices, tmp_path: Path) -> None:
    file = written(tmp_path, "talk.pdf", PDF)
    services.library.add(file, "talk.pdf", "First")

    assert services.library.add(file, "talk.pdf", "Second").alt == "First"


def test_what_is_only_kept_has_no_row(services: WebServices, tmp_path: Path) -> None:
    kept = services.library.keep(written(tmp_path, "talk.pdf", PDF), "talk.pdf")

    assert audit(services.database, services.media_files) == Audit((), (f"{kept.hash}/{kept.name}",))


def test_what_a_killed_process_has_left_is_removed(services: WebServices, tmp_path: Path) -> None:
    left = services.settings.data_dir / ".feedserver-unfinished-killed"
    left.mkdir(parents=True)
    (left / "given").write_bytes(b"x")
    (left / "lock").touch()

    services.library.add(written(tmp_path, "talk.pdf", PDF), "talk.pdf")

    assert not list(services.settings.data_dir.glob(".feedserver-unfinished-*"))


def test_a_smaller_copy_that_two_pictures_share_goes_with_the_last_one(services: WebServices, tmp_path: Path) -> None:
    """Large pictures of one colour differ in their size alone, their copies do not."""
    first, second = (
        services.library.add(
            written(tmp_path, f"{width}.png", encoded(Image.new("RGB", (width, width), "red"), "PNG")), "red.png"
        )
        for width in (330, 340)
    )
    assert first.hash != second.hash
    assert first.copies == second.copies

    services.library.remove(f"{first.hash}/{first.name}", force=False)
    assert audit(services.database, services.media_files) == Audit((), ())
    services.library.remove("red.png", force=False)
    assert list(services.media_files.names()) == []
