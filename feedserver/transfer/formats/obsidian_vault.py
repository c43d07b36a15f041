"""A vault of Obsidian: its notes and files by their names, and which notes are published."""

import posixpath
from collections.abc import Iterable
from typing import Final

from feedserver.posts import field_values
from feedserver.transfer.formats.folder import MARKDOWN, Document, Folder, ending, placed
from feedserver.transfer.formats.folder_links import FolderSite
from feedserver.urls import nfc

_PUBLISH: Final = ("publish", "dg-publish")


class Vault(FolderSite):
    """The notes of a folder."""

    def __init__(self, folder: Folder, base: str) -> None:
        super().__init__(folder, base)
        self.notes = [name for name in placed(folder.names, MARKDOWN) if not self.hides(name)]
        self._notes = _by_name(self.notes)
        self._files = _by_name(name for name in folder.names if ending(name) not in MARKDOWN and not self.hides(name))

    def is_published(self, note: Document) -> bool:
        values = (note.front.fields.get(name) for name in _PUBLISH)
        return any(field_values.FLAG.get(value.strip().casefold()) for value in values if isinstance(value, str))

    def note(self, target: str, beside: str) -> str | None:
        """The note that a link of the note `beside` names, by its name or its path, without what follows a `#`."""
        name = target.partition("#")[0].strip()
        if not name:
            return beside
        return _nearest(self._notes, name, beside)

    def attachment(self, target: str, beside: str) -> str | None:
        """The file that a link names, by its name or its path."""
        return _nearest(self._files, target.partition("#")[0].strip(), beside)

    def _address_of(self, name: str) -> str | None:
        if ending(name) not in MARKDOWN or not self.is_published(note := self.folder.document(name)):
            return None
        permalink = note.front.fields.get("permalink")
        path = permalink if isinstance(permalink, str) else posixpath.splitext(name)[0].replace(" ", "+")
        return self.at(path)


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths by the names at their ends, as links write them."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(posixpath.basename(_key(path)), []).append(path)
    return found


def _nearest(paths: dict[str, list[str]], wanted: str, beside: str) -> str | None:
    """The path that ends as wanted: the very path, else one in the same folder, else the shortest."""
    key = _key(posixpath.normpath(wanted.strip("/")))
    found = [path for path in paths.get(posixpath.basename(key), []) if f"/{_key(path)}".endswith(f"/{key}")]
    folder = posixpath.dirname(beside)
    return min(
        found,
        key=lambda path: (_key(path) != key, posixpath.dirname(path) != folder, path.count("/"), path),
        default=None,
    )


def _key(path: str) -> str:
    """A path as links write it: in any letter case and Unicode form, without the ending of a note."""
    folded = nfc(path).casefold()
    return posixpath.splitext(folded)[0] if folded.endswith(MARKDOWN) else folded
