"""What is stored of any file: types, names, hashes, refusals, and the process in which pictures are read."""

import fcntl
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from feedserver.errors import MediaRefused
from feedserver.media import picture_process
from feedserver.media.model import StoredFile
from feedserver.media.pictures import Taken, take
from tests.support.media_files import encoded, opened, png_header, quarters, webp_header

LARGEST = 1_000_000
Take = Callable[..., Taken]


@pytest.fixture
def taking(tmp_path: Path) -> Take:
    """Takes bytes under a name."""

    def run(data: bytes, name: str, largest: int = LARGEST) -> Taken:
        (tmp_path / "file").write_bytes(data)
        (tmp_path / "place").mkdir()
        return take(tmp_path / "file", name, tmp_path / "place", largest=largest, turns=tmp_path)

    return run


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def test_a_picture_is_stored_clean_with_its_smaller_copies(taking: Take) -> None:
    data = encoded(quarters(900, 40), "JPEG", comment=b"on our roof")

    taken = taking(data, "Our Roof (2).JPEG")

    assert taken.given == hash_of(data)
    files = [taken.main, *taken.copies]
    assert [(one.stored.name, one.stored.width, one.stored.height) for one in files] == [
        ("Our-Roof-2.jpeg", 900, 40),
        ("Our-Roof-2-320.jpeg", 320, 14),
        ("Our-Roof-2-800.jpeg", 800, 36),
    ]
    for one in files:
        content = one.file.read_bytes()
        assert (one.stored.hash, one.stored.size) == (hash_of(content), len(content))
        assert one.stored.type == "image/jpeg"
        assert opened(content).size == (one.stored.width, one.stored.height)


def test_a_picture_of_256_colours_has_copies_of_another_type(taking: Take) -> None:
    taken = taking(encoded(quarters(400, 20), "GIF"), "roof.gif")

    assert [(one.stored.name, one.stored.type) for one in taken.copies] == [("roof-320.png", "image/png")]


@pytest.mark.parametrize(
    ("data", "name", "stored", "type_"),
    [
        (b"ID3\4\0" + bytes(20), "Song No. 1.mp3", "Song-No.-1.mp3", "audio/mpeg"),
        (b"OggS" + bytes(24) + b"OpusHead", "talk.opus", "talk.opus", "audio/ogg"),
        (b"%PDF-1.7\n", "paper", "paper.pdf", "application/pdf"),
        (b"PK\3\4" + bytes(20), "letter.odt", "letter.odt", "application/vnd.oasis.opendocument.text"),
        (b"Some words.\n", "notes.md", "notes.md", "text/markdown"),
        (b"<html><script>1</script>", "page.html", "page.html.txt", "text/plain"),
        (b"\0\1\2", "page.html", "page.html.bin", "application/octet-stream"),
        (bytes(100), "../../archive.7z", "archive.7z", "application/octet-stream"),
    ],
)  # fmt: skip
def test_another_file_stays_as_it_is(taking: Take, data: bytes, name: str, stored: str, type_: str) -> None:
    taken = taking(data, name)

    assert taken.main.file.read_bytes() == data
    assert taken.main.stored == StoredFile(hash=hash_of(data), name=stored, type=type_, size=len(data))
    assert (taken.given, taken.copies) == (hash_of(data), ())


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROLOGUE = b'<?xml version="1.0"?>\n<!-- <p> -->\n<!DOCTYPE svg [<!ENTITY a "b">]>\n'
CUT_FILM = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\1\0moov"
REFUSED = {
    "SVG": (SVG, "roof.txt", "it is SVG"),
    "SVG by its name": (b"anything", "roof.SVG", "it is SVG"),
    "SVG called JPEG": (SVG, "roof.jpg", "it is SVG"),
    "SVG after a byte order mark": (b"\xef\xbb\xbf" + SVG, "roof", "it is SVG"),
    "SVG in UTF-16": (SVG.decode().encode("utf-16"), "roof.xml", "it is SVG"),
    "SVG in UTF-16 without mark": (SVG.decode().encode("utf-16-be"), "roof.xml", "it is SVG"),
    "SVG after a prologue": (PROLOGUE + SVG, "roof", "it is SVG"),
    "SVG with a prefix": (b'<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', "roof", "it is SVG"),
    "packed SVG": (gzip.compress(SVG), "roof.gz", "it is SVG"),
    "HTML called JPEG": (b"<!doctype html><p>", "roof.jpg", "it is no picture of JPEG, PNG, GIF, WebP or AVIF"),
    "PDF called PNG": (b"%PDF-1.7\n", "roof.png", "it is no picture"),
    "a film called GIF": (b"\0\0\0\x18ftypisom" + bytes(12), "roof.gif", "it is no picture"),
    "nothing": (b"", "roof.txt", "it is empty"),
    "a picture that is cut off": (encoded(quarters(), "JPEG")[:-60], "roof.jpg", "it is damaged"),
    "a picture cut off in a segment": (encoded(quarters(), "JPEG")[:100], "roof", "it is damaged: it ends too early"),
    "too many pixels": (png_header(30_000, 30_000), "roof.png", "it has more than 50,000,000 pixels"),
    "too many pixels in WebP": (webp_header(16_383, 16_383), "roof.webp", "it has more than 50,000,000 pixels"),
    "a film with damaged boxes": (CUT_FILM, "a.mp4", "it is damaged (it ends too"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_is_refused_with_a_line(taking: Take, case: str) -> None:
    data, name, line = REFUSED[case]

    with pytest.raises(MediaRefused) as refused:
        taking(data, name)

    assert str(refused.value).startswith(f"{name}: {line}")
    assert "\n" not in str(refused.value)


def test_a_name_cannot_write_over_the_line_of_its_refusal(taking: Take) -> None:
    with pytest.raises(MediaRefused, match=r"^a b\.jpg: it is no picture"):
        taking(b"words", "a\n\x1b\u202eb.jpg".replace("\x1b", ""))


@pytest.mark.parametrize(
    "data", [bytes(1001), encoded(Image.effect_noise((40, 40), 50), "PNG")], ids=["file", "picture"]
)
def test_what_is_larger_than_allowed_is_refused(taking: Take, data: bytes) -> None:
    with pytest.raises(MediaRefused, match=r"it is larger than 1,000 bytes \(`media.largest`\)"):
        taking(data, "roof", largest=1000)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/fd", "/nowhere"])
def test_what_never_ends_or_is_not_there_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(MediaRefused):
        take(Path(path), "zeros.bin", tmp_path, largest=LARGEST, turns=tmp_path)


def test_a_pipe_that_nobody_writes_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(MediaRefused, match="it is no file"):
        take(tmp_path / "pipe", "film.mp4", tmp_path, largest=LARGEST, turns=tmp_path)


def test_a_film_is_never_in_memory_as_a_whole(taking: Take) -> None:
    film = b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\0mdat" + bytes(30_000_000)
    tracemalloc.start()

    taking(film, "film.mp4", largest=40_000_000)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000


# --- the process ---


def test_one_picture_is_read_at_a_time_by_a_process_that_knows_no_secret(
    taking: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_SECRET", "of the site")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a bucket")
    seen: list[dict[str, Any]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        with (tmp_path / "pictures.lock").open() as another, pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert [os.readlink(f"/proc/self/fd/{fd}") for fd in options["pass_fds"]] == [str(tmp_path / "pictures.lock")]
        seen.append(options["env"])
        return subprocess.CompletedProcess(command, 0, json.dumps({"problem": "it was not read"}).encode(), b"")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(MediaRefused, match="it was not read"):
        taking(encoded(quarters(), "PNG"), "roof.png")

    assert [set(environ) for environ in seen] == [{"PYTHONPATH", "MALLOC_ARENA_MAX"}]
    with (tmp_path / "pictures.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert os.fstat(lock.fileno()).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("status", [1, -9, -11, -24])
def test_a_process_that_dies_costs_its_picture_alone(
    taking: Take, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = subprocess.CompletedProcess([], status, b"", b"Traceback\nModuleNotFoundError: No module named 'PIL'\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)

    with pytest.raises(MediaRefused, match="cannot be decoded"):
        taking(encoded(quarters(), "PNG"), "roof.png")

    assert f"ended with {status}: ModuleNotFoundError: No module named 'PIL'" in caplog.text


def test_a_picture_that_takes_for_ever_is_given_up(taking: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)

    with pytest.raises(MediaRefused, match="it takes too long"):
        taking(encoded(quarters(), "PNG"), "roof.png")


BOUNDED = """
import resource, sys
from feedserver.media import picture_process
{change}
picture_process.main()
"""


def bounded(change: str, file: Path, place: Path) -> subprocess.CompletedProcess[str]:
    """Runs the process of a picture with other bounds, or for another deed."""
    command = [sys.executable, "-c", BOUNDED.format(change=change), "image/png", str(place)]
    with file.open("rb") as source:
        return subprocess.run(command, stdin=source, capture_output=True, text=True, timeout=60)


@pytest.fixture
def large_picture(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(png_header(7000, 7000))
    return tmp_path / "file"


def test_memory_is_bounded(large_picture: Path, tmp_path: Path) -> None:
    ended = bounded("picture_process._BOUNDS[resource.RLIMIT_AS] = 200_000_000", large_picture, tmp_path)

    assert json.loads(ended.stdout) == {"problem": "it takes too much memory to decode"}


def test_the_size_of_files_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(encoded(Image.effect_noise((60, 60), 80), "PNG"))

    ended = bounded("picture_process._BOUNDS[resource.RLIMIT_FSIZE] = 1000", tmp_path / "file", tmp_path)

    assert "problem" in json.loads(ended.stdout)
    assert (tmp_path / "large").stat().st_size <= 1000


def test_the_process_has_all_bounds() -> None:
    import resource

    assert picture_process._BOUNDS[resource.RLIMIT_AS] == 1280 << 20
    assert picture_process._BOUNDS[resource.RLIMIT_CPU] == 60
    assert picture_process._BOUNDS[resource.RLIMIT_CORE] == 0
