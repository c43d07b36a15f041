"""Archives that are damaged, hostile, of a newer program or none at all are refused in one line, at little cost."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedserver.errors import BackupUnusable
from feedserver.services import WebServices
from feedserver.transfer.backups.archive import Reader
from feedserver.transfer.backups.restore import restore
from tests.support.memory import peak_of
from tests.transfer.conftest import silent

Files = list[tuple[tarfile.TarInfo, bytes]]


def files_of(archive: Path) -> Files:
    with tarfile.open(archive) as tar:
        return [(info, tar.extractfile(info).read()) for info in tar]  # type: ignore[union-attr]


def packed(files: Files, **options: Any) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", **{"format": tarfile.GNU_FORMAT} | options) as tar:
        for info, content in files:
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def refusal(archive: bytes, place: WebServices) -> str:
    """What `restore` says; it must have left nothing."""
    with pytest.raises(BackupUnusable) as refused:
        restore(io.BytesIO(archive), place, place.clock(), silent)
    assert not place.settings.data_dir.parent.exists()
    said = str(refused.value)
    assert said.startswith("the backup cannot be restored: ")
    assert said.isprintable()
    return said


def changed(file: tuple[tarfile.TarInfo, bytes], content: bytes | None = None, **header: Any) -> tuple[Any, bytes]:
    """A file of an archive with other content, or another header."""
    info, before = file
    after = before if content is None else content
    new = tarfile.TarInfo.frombuf(info.tobuf(), "utf-8", "strict")
    for name, value in ({"size": len(after)} | header).items():
        setattr(new, name, value)
    return new, after


def test_it_is_a_tar_that_other_programs_read(archive: Path) -> None:
    files = files_of(archive)

    assert [info.name for info, _ in files] == ["manifest.json", "secret", "database.sqlite3"]
    assert files[2][1].startswith(b"SQLite format 3\x00")


NO_BACKUP = "it is nothing that `feedserver backup` has made"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", NO_BACKUP),
        (b"SQLite format 3\x00" * 100, NO_BACKUP),
        (b"\x1f\x8b" + b"x" * 5000, NO_BACKUP),
        (gzip.compress(b""), NO_BACKUP),
        (gzip.compress(b"\x00" * 10_000_000), NO_BACKUP),
        (gzip.compress(b"words " * 1000), NO_BACKUP),
    ],
    ids=["empty", "a database", "broken gzip", "nothing packed", "zeros packed", "words packed"],
)
def test_what_is_no_archive_is_told_so(content: bytes, said: str, file_place: WebServices) -> None:
    assert refusal(content, file_place).endswith(said)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99, 0.9999])
def test_a_truncated_archive_is_cut_off(archive: Path, file_place: WebServices, share: float) -> None:
    whole = archive.read_bytes()

    assert refusal(whole[: int(len(whole) * share)], file_place).endswith("it is cut off: its end is missing")


def test_one_changed_byte_is_found_wherever_it_is(archive: Path, file_place: WebServices) -> None:
    whole = archive.read_bytes()

    for position in range(20, len(whole), len(whole) // 12):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        refusal(bytes(damaged), file_place)


Change = Callable[[Files], bytes]
CHANGES: dict[str, tuple[Change, str]] = {
    "another name": (
        lambda files: packed([files[0], changed(files[1], name="key"), files[2]]),
        "it has “key” in the place of",
    ),
    "a climbing path": (
        lambda files: packed([files[0], changed(files[1], name="../secret"), files[2]]),
        "it has “../secret” in the place of a file secret",
    ),
    "an absolute path": (
        lambda files: packed([files[0], changed(files[1], name="/etc/passwd"), files[2]]),
        "“/etc/passwd”",
    ),
    "controls in a name": (
        lambda files: packed([files[0], changed(files[1], name="a\x1b[2J\u202eb"), files[2]]),
        "in the place of",
    ),
    "a symbolic link": (
        lambda files: packed([files[0], changed(files[1], type=tarfile.SYMTYPE, linkname="/etc/passwd"), files[2]]),
        "it has “secret” in the place of a file secret",
    ),
    "a hard link": (
        lambda files: packed([files[0], files[1], changed(files[2], type=tarfile.LNKTYPE, linkname="secret")]),
        "in the place of a file database.sqlite3",
    ),
    "a device": (
        lambda files: packed([files[0], changed(files[1], type=tarfile.CHRTYPE), files[2]]),
        "in the place of",
    ),
    "a long name": (lambda files: packed([files[0], changed(files[1], name="x" * 5000), files[2]]), "in the place of"),
    "extended headers": (
        lambda files: packed(
            [changed(files[0], pax_headers={"comment": "x" * 5000}), *files[1:]], format=tarfile.PAX_FORMAT
        ),
        "in the place of a file manifest.json",
    ),
    "another order": (
        lambda files: packed([files[0], files[2], files[1]]),
        "it has “database.sqlite3” in the place of",
    ),
    "a file missing": (lambda files: packed(files[:2]), "it is damaged before its database.sqlite3"),
    "a file more": (lambda files: packed([*files, files[1]]), "something else follows its last file"),
    "no manifest": (lambda files: packed(files[1:]), "it has “secret” in the place of a file manifest.json"),
    "other content": (
        lambda files: packed([files[0], changed(files[1], content=files[1][1].swapcase()), files[2]]),
        "its secret is damaged: it has another SHA-256",
    ),
    "another size": (
        lambda files: packed([files[0], changed(files[1], content=b"x"), files[2]]),
        "its secret has 1 bytes, not 43 as its manifest says",
    ),
    "something after its end": (lambda files: packed(files) + gzip.compress(b"more"), "something else follows"),
    "no JSON": (lambda files: packed([changed(files[0], content=b"{" * 100_000), *files[1:]]), "is not JSON"),
    "another JSON": (lambda files: packed([changed(files[0], content=b"[]"), *files[1:]]), "is no object"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_what_the_program_does_not_write_is_refused(
    archive: Path, file_place: WebServices, change: Change, said: str
) -> None:
    assert said in refusal(change(files_of(archive)), file_place)


FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "newer form": ({"form": 3}, "it is of a newer feedserver (form 3); install that one"),
    "newer schema": (
        {"schema": "9999", "program": "9.0"},
        "it is of a newer feedserver (9.0, schema 9999); install that one",
    ),
    "no form": ({"form": None}, "has no “form”"),
    "a boolean form": ({"form": True}, "has no “form”"),
    "no time": ({"made_at": "yesterday"}, "has no “made_at”"),
    "a number for a text": ({"site": 5}, "has no “site”"),
    "an endless text": ({"url": "x" * 10_000}, "has no “url”"),
    "negative rows": ({"rows": {"posts": -1}}, "has no “posts”"),
    "rows with a name of controls": ({"rows": {"a\x1b[2J\n\u202eb": -1}}, "has no “a"),
    "no files": ({"files": []}, "it holds other files than a secret and a database"),
    "files that are none": ({"files": ["secret"]}, "has no “name”"),
    "another site": ({"site": "urn:uuid:other"}, "its database is another one than its manifest says"),
    "other rows": ({"rows": {"posts": 7}}, "its database is another one than its manifest says"),
    "another schema": ({"schema": "1001"}, "its database is another one than its manifest says"),
    "more pictures": ({"media": 1}, "its database names other pictures and files than its manifest says"),
    "larger pictures": ({"media_bytes": 1}, "its database names other pictures and files than its manifest says"),
}


@pytest.mark.parametrize(("fields", "said"), FIELDS.values(), ids=FIELDS)
def test_a_manifest_that_does_not_fit_is_refused(
    archive: Path, file_place: WebServices, fields: dict[str, Any], said: str
) -> None:
    files = files_of(archive)
    text = json.dumps(json.loads(files[0][1]) | fields).encode()

    assert said in refusal(packed([changed(files[0], content=text), *files[1:]]), file_place)


def test_a_bomb_is_refused_before_it_takes_memory_or_disk() -> None:
    """Ten gigabytes of zeros, where the manifest should be, and a header of ten gigabytes."""
    header = tarfile.TarInfo("manifest.json")
    header.size = 10 * 2**30
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 10 * 2**30
    zeros = gzip.compress(bytes(10_000_000)) * 100

    for first in (header, long_name):
        bomb = gzip.compress(first.tobuf(tarfile.GNU_FORMAT)) + zeros

        def read(bomb: bytes = bomb) -> None:
            with pytest.raises(BackupUnusable):
                Reader(io.BytesIO(bomb))

        assert peak_of(read) < 2_000_000
