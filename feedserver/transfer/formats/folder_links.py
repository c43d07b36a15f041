"""The files and documents that a document of a folder names: where they are, and by which addresses texts name them."""

import mimetypes
import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from feedserver.errors import ImportDamaged
from feedserver.posts.model import Format
from feedserver.transfer.formats.folder import HTML, MARKDOWN, Folder, Unreadable, ending
from feedserver.transfer.formats.permalinks import quoted
from feedserver.transfer.formats.rewriting import rewritten
from feedserver.transfer.items import ImportedMedia, ImportedPost
from feedserver.urls import scheme, split_http

# Files that make pages, and are none to show.
_OF_PAGES: Final = frozenset(
    ".css .js .mjs .ts .map .scss .sass .less .xml .json .yml .yaml .toml .py .rb .php .rst .lock .ini .cfg .sh .key"
    " .pem".split()
).union(MARKDOWN, HTML, ("",))
# Fields that name pictures: as text, or as lists and mappings in JSON.
_PICTURES: Final = frozenset(
    "image images cover thumbnail banner header hero featured_image featuredimage photo".split()
)
_FILE: Final = re.compile(r"""[^"\[\]{},]+\.(?:jpe?g|png|gif|webp|avif)\b""", re.IGNORECASE)


class FolderSite(ABC):
    """The site that a folder was: by which addresses its texts name its files.

    `base` is its address, without a slash at the end; "" where nothing says it. `roots` are the folders whose files
    stand at its root, each with a slash at the end, "" for the whole.
    """

    def __init__(self, folder: Folder, base: str, roots: tuple[str, ...] = ("",)) -> None:
        self.folder = folder
        self.base = base if base.startswith("/") or split_http(base) else ""
        self._roots = roots
        self._told: set[str] = set()
        self._addresses: dict[str, str | None] = {}

    @property
    def url(self) -> str | None:
        """The address of the site; None where its path alone is known, or nothing."""
        return self.base if scheme(self.base) else None

    def address_of(self, name: str) -> str | None:
        """The address of a document; None of a file that is no document which the site showed."""
        if name not in self._addresses:
            try:
                self._addresses[name] = self._address_of(name)
            except (Unreadable, ImportDamaged):  # which is told in its turn
                self._addresses[name] = None
        return self._addresses[name]

    @abstractmethod
    def _address_of(self, name: str) -> str | None:
        """As `address_of`. May raise what reading a document raises."""

    def hides(self, name: str) -> bool:
        """Whether the site does not show a file."""
        return any(step.startswith(".") for step in name.split("/"))

    def rewritten(self, text: str, kind: Format, name: str, url: str | None) -> tuple[str, list[ImportedMedia]]:
        """The text of the document `name`, and the files that it names for the first time in this import.

        Files and documents of the folder are named by absolute addresses, as far as the site has one.
        """
        media: list[ImportedMedia] = []
        return rewritten(text, kind, lambda address: self._replaced(address, name, url, media)), media

    def with_files(self, post: ImportedPost) -> Iterator[ImportedMedia | ImportedPost]:
        """A post, and before it the files that its front matter names: enclosures, and pictures of it as a whole."""
        media: list[ImportedMedia] = []
        enclosures = tuple(
            replace(file, url=self._replaced(file.url, post.key, post.url, media)) for file in post.enclosures
        )
        for name, text in post.fields.items():
            if name.casefold() in _PICTURES:
                for found in _FILE.finditer(text):
                    self._replaced(found[0], post.key, post.url, media)
        yield from media
        yield replace(post, enclosures=enclosures)

    def file(self, name: str) -> str:
        """The address of a file of the folder that is no document."""
        root = next((root for root in self._roots if root and name.startswith(root)), "")
        return self.at(name.removeprefix(root))

    def at(self, path: str) -> str:
        """The address of a decoded path below the site's."""
        return f"{self.base}/{quoted(path.lstrip('/'))}"

    def media(self, name: str) -> Iterator[ImportedMedia]:
        """A file of the folder; nothing if it was given before."""
        if name not in self._told:
            self._told.add(name)
            yield ImportedMedia(
                key=name,
                where=name,
                urls=(self.file(name),),
                name=posixpath.basename(name),
                file=self.folder.in_export(name),
            )

    def missing(self, at: str, where: str) -> Iterator[ImportedMedia]:
        """A file at the address `at` that the folder lacks, and others may have; nothing if it was given before."""
        if at not in self._told:
            self._told.add(at)
            yield ImportedMedia(key=at, where=where, urls=(at,), name=posixpath.basename(unquote(at)))

    def _replaced(self, address: str, name: str, url: str | None, media: list[ImportedMedia]) -> str:
        below = self._below(address.strip())
        if below is None:
            return address
        path, tail = below
        for candidate in self._candidates(path, name, url):
            found = self.folder.named(candidate)
            if found is None or self.hides(found):
                continue
            if page := self.address_of(found):
                return page + tail
            if not is_of_pages(found):
                media += self.media(found)
                return self.file(found) + tail
        return self._missing(address, path, name, url, media)

    def _below(self, address: str) -> tuple[str, str] | None:
        """The decoded path of an own address, which begins with a slash if it is below the site's, and what follows."""
        if self.base and address.startswith(f"{self.base}/"):
            address = address.removeprefix(self.base)
        elif scheme(address) or address.startswith(("//", "#", "?")) or not address:
            return None
        elif (prefix := urlsplit(self.base).path) and address.startswith(f"{prefix}/"):
            address = address.removeprefix(prefix)
        path, tail = divided(address)
        return unquote(path), tail

    def _candidates(self, path: str, name: str, url: str | None) -> Iterator[str]:
        """Where the file of a path may be, the likeliest first: beside the document, or below its address."""
        if not path.startswith("/"):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            path = unquote(urlsplit(urljoin(url, quote(path))).path) if url else path
            path = path.removeprefix(urlsplit(self.base).path)
        for root in self._roots:
            yield posixpath.normpath(root + path.lstrip("/"))

    def _missing(self, address: str, path: str, name: str, url: str | None, media: list[ImportedMedia]) -> str:
        """The address of a file that the folder does not hold; it is told once, and may be found elsewhere."""
        if not _is_shown(path):
            return address
        beside = url or self.at(name)
        at = self.at(path) if path.startswith("/") else urljoin(beside, quote(path))
        at = at if scheme(at) or at.startswith("/") else f"/{at}"  # it led above the site
        media += self.missing(at, name)
        return at


def divided(address: str) -> tuple[str, str]:
    """The path of an address, and its query and fragment."""
    path, mark, fragment = address.partition("#")
    path, question, query = path.partition("?")
    return path, f"{question}{query}{mark}{fragment}"


def is_of_pages(name: str) -> bool:
    """Whether a file makes pages, and is none to show."""
    return ending(name) in _OF_PAGES


def _is_shown(path: str) -> bool:
    """Whether the path ends as that of a picture, a sound, a film or a document does."""
    kind, _ = mimetypes.guess_type(path)
    return kind is not None and (kind.startswith(("image/", "audio/", "video/")) or kind == "application/pdf")
