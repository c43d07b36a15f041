"""Pictures and files as rows and in the store, without reading any bytes."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from feedserver.media import store
from feedserver.media.model import HASH_DIGITS, Media, StoredFile
from feedserver.services import WebServices

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_DIGITS]


def picture(name: str = "roof.jpg", width: int = 4000, height: int = 3000, alt: str = "") -> Media:
    """A picture with two smaller copies, none of which is in the store."""
    stem, _, ending = name.rpartition(".")
    copies = tuple(
        StoredFile(
            hash=hash_of(f"{name} {size}".encode()),
            name=f"{stem}-{size}.{ending}",
            type="image/jpeg",
            size=size,
            width=size,
            height=round(size * height / width),
        )
        for size in (400, 1600)
    )
    own = hash_of(name.encode())
    return Media(
        hash=own,
        name=name,
        type="image/jpeg",
        size=90_000,
        width=width,
        height=height,
        given=own,
        alt=alt,
        added_at=NOW,
        copies=copies,
    )


def file(name: str = "talk.pdf", kind: str = "application/pdf", size: int = 100) -> Media:
    """A file that is no picture, not in the store."""
    own = hash_of(name.encode())
    return Media(hash=own, name=name, type=kind, size=size, given=own, added_at=NOW)


def add(services: WebServices, *media: Media) -> None:
    """Writes the rows alone."""
    with services.database.write() as connection:
        for one in media:
            store.enter(connection, one)


def serve(services: WebServices, content: bytes, name: str, kind: str, folder: Path) -> Media:
    """A file with rows and bytes."""
    path = folder / "given"
    path.write_bytes(content)
    own = hash_of(content)
    services.media_files.put(own, name, path)
    media = Media(hash=own, name=name, type=kind, size=len(content), given=own, added_at=NOW)
    add(services, media)
    return media
