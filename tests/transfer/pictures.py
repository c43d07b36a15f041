"""Pictures with bytes of any kind, in the store and in the database."""

from contextlib import closing
from pathlib import Path

from feedserver.media import store
from feedserver.media.model import Media, StoredFile
from feedserver.services import Services
from tests.media.builders import NOW, hash_of


def add_picture(services: Services, folder: Path, name: str = "屋根 roof.jpg", content: bytes = b"\xff" * 700) -> Media:
    """A picture, and a smaller copy of it. `folder` is for what is in between."""
    small = _put(services, folder, f"small-{name}", content[: len(content) // 2] + b"small")
    large = _put(services, folder, name, content)
    values = {key: getattr(large, key) for key in ("hash", "name", "type", "size", "width", "height")}
    picture = Media(**values, given=large.hash, added_at=NOW, copies=(small,))
    with services.database.write() as connection:
        store.enter(connection, picture)
    return picture


def _put(services: Services, folder: Path, name: str, content: bytes) -> StoredFile:
    path = folder / "given"
    path.write_bytes(content)
    own = hash_of(content)
    services.media_files.put(own, name, path)
    path.unlink(missing_ok=True)
    return StoredFile(hash=own, name=name, type="image/jpeg", size=len(content), width=40, height=30)


def stored(services: Services) -> dict[str, bytes]:
    """All files in the store, by their names."""
    found = {}
    for hash_, name in services.media_files.names():
        with closing(services.media_files.open(hash_, name)) as opened:
            found[f"{hash_}/{name}"] = opened.read(10**9)
    return found
