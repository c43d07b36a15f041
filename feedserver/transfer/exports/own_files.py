"""The files of an export of feedserver, as they are read again. Whoever made it may wish us ill."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from feedserver import disk
from feedserver.errors import ImportRefused
from feedserver.posts.document import MAX_BYTES
from feedserver.text import strangers_line
from feedserver.transfer.exports import exported, settings_file
from feedserver.transfer.source import Source

# Of a manifest: bytes and values for each file that is there, and for all else, files that are missing among it. A file
# takes 150 bytes and a few values; empty lists alone would take thirty times as much memory as they have bytes.
_BYTES_OF_A_FILE: Final = 1000
_VALUES_OF_A_FILE: Final = 4
_BYTES_MORE: Final = 1 << 24
_VALUES_MORE: Final = 200_000
_LONGEST_LINE: Final = 1 << 23  # bytes
_LARGEST_SETTINGS: Final = 1 << 16  # bytes; a name of many parts takes quadratic time


class OwnExport:
    """An export, in a folder or an archive. Methods raise ImportRefused for what feedserver does not write."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = frozenset(source.names())
        root = next(iter(_roots(source, exported.MANIFEST)), None)
        if root is None:
            raise ImportRefused(f"it has no {exported.MANIFEST}: it is a part of an export, or none of feedserver")
        self._root = root
        manifest = self._manifest()
        if type(manifest.get("form")) is not int or manifest["form"] < 1:
            raise ImportRefused(f"its {exported.MANIFEST} is not feedserver's")
        if manifest["form"] > exported.FORM:
            raise ImportRefused(f"it is of a newer feedserver (form {manifest['form']}); install that one")
        guid, url, files = (manifest.get(name) for name in ("site", "url", "files"))
        if not (isinstance(guid, str) and isinstance(url, str) and isinstance(files, Mapping)):
            raise ImportRefused(f"its {exported.MANIFEST} is damaged")
        self.guid, self.url = guid, url
        self._files: Mapping[str, Any] = files

    def changed(self) -> Iterator[str]:
        """What is not as it was written, a line each: files that were changed, added or are missing."""
        for name, said in self._files.items():
            if not self.has(name):
                yield f"{name} is missing"
            elif not isinstance(said, Mapping) or self._sha256(name) != said.get("sha256"):
                yield f"{name} was changed since the export"

    def has(self, name: str) -> bool:
        return self._root + name in self._names

    def named(self, name: str) -> str:
        """The name of a file in the source."""
        return self._root + name

    def objects(self, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The objects of a file, one on each line, each with where it stands, for people; none if it is missing."""
        if not self.has(name):
            return
        with self._source.open(self._root + name) as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                where = f"{name}, line {number}"
                if not line.endswith(b"\n") and len(line) == _LONGEST_LINE:
                    raise ImportRefused(f"{where} is too long")
                yield where, _object(line, where)

    def only(self, name: str) -> Mapping[str, Any]:
        """The only object of a file."""
        return next((found for _, found in self.objects(name)), {})

    def document(self, name: str) -> bytes:
        """A document's bytes; of what is too long for one a byte more than it may have, so that it is refused."""
        with self._source.open(self._root + name) as file:
            return file.read(MAX_BYTES + 1)

    def settings(self) -> Mapping[str, str]:
        """The settings in it that are not the defaults, by their keys; none where the file cannot be read."""
        if not self.has(exported.SETTINGS):
            return {}
        with self._source.open(self._root + exported.SETTINGS) as file:
            try:
                sections = tomllib.loads(file.read(_LARGEST_SETTINGS).decode())
                found = [
                    (f"{section}.{name}", value) for section, values in _mappings(sections) for name, value in values
                ]
                return {key: settings_file.said(value) for key, value in found}
            except (ValueError, RecursionError):  # no UTF-8, no TOML, too long a number, or nested beyond reason
                return {}

    def _manifest(self) -> Mapping[str, Any]:
        number = len(self._names)
        most = number * _BYTES_OF_A_FILE + _BYTES_MORE
        with self._source.open(self._root + exported.MANIFEST) as file:
            data = file.read(most + 1)
        values = sum(map(data.count, (b",", b"[", b"{")))
        if len(data) > most or values > number * _VALUES_OF_A_FILE + _VALUES_MORE:
            raise ImportRefused(f"its {exported.MANIFEST} says more than there can be of its files")
        return _object(data, exported.MANIFEST)

    def _sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self._source.open(self._root + name) as file:
            for piece in disk.pieces(file):
                digest.update(piece)
        return digest.hexdigest()


def is_one(source: Source) -> bool:
    """Whether this is an export of feedserver, also one that was not finished: a cheap look."""
    return not set(_roots(source, exported.SITE)).isdisjoint(_roots(source, exported.POSTS))


def _roots(source: Source, file: str) -> list[str]:
    """Where there is a file so called: at the top (""), or in a folder there ("export/"), as archives have it."""
    found = [name for name in source.names() if name.rpartition("/")[2] == file and name.count("/") < 2]
    return sorted((name.removesuffix(file) for name in found), key=len)


def _object(line: bytes, where: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise ImportRefused(f"{where}: is no JSON") from None
    if not isinstance(found, Mapping):
        raise ImportRefused(f"{where}: is no object")
    return found


def _mappings(sections: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    for section, values in sections.items():
        if isinstance(values, Mapping):
            yield strangers_line(section, 40), list(values.items())
