"""A folder of documents: which files are documents, and what each holds.

A document that cannot be read is left out, and told; one whose text is damaged refuses a strict import.
"""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.posts.document import MAX_BYTES
from feedserver.posts.model import Format
from feedserver.text import clean
from feedserver.transfer.formats import front_matters
from feedserver.transfer.formats.front_matters import Front
from feedserver.transfer.items import Remark
from feedserver.transfer.member_names import shown
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import nfc

MARKDOWN: Final = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
HTML: Final = (".html", ".htm")
_UNREAD: Final = (".rst", ".adoc", ".asciidoc", ".org", ".textile", ".ipynb", ".pandoc", ".pdc")
# What stands in the folder of a whole site.
_OF_SITES: Final = re.compile(
    r"(?:_config|hugo|config|pelicanconf)\.\w+\Z|(?:_posts|content|config/_default|\.obsidian)/"
)
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):
    """A document that is left out. The text says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the folder: the path of its file, and what it holds. `mended` says what was damaged."""

    name: str
    front: Front
    mended: str = ""

    @property
    def format(self) -> Format:
        return "html" if ending(self.name) in HTML else "markdown"

    @property
    def stem(self) -> str:
        return stem(self.name)


class Folder:
    """The files of an export, `names`, as paths below the one folder that all of them are in.

    `name` is that of the folder. With `header`, front matter may be lines `name: value`.
    """

    def __init__(self, source: Source, options: Options, *, header: bool = False) -> None:
        self.options = options
        self._source = source
        self._header = header
        self._top = top(source.names())
        self.names = [name.removeprefix(self._top) for name in source.names()]
        self._names = {nfc(name): name for name in self.names}
        self.name = self._top.rstrip("/") or source.path.name

    def named(self, name: str) -> str | None:
        """The file of this path, in any Unicode form; None if there is none."""
        return self._names.get(nfc(name))

    def below(self, folder: str) -> Iterator[str]:
        """The files below a folder, which is named with a slash at the end."""
        beginning = islice(self.names, bisect_left(self.names, folder), None)
        return takewhile(lambda name: name.startswith(folder), beginning)

    def in_export(self, name: str) -> str:
        """The path of a file as the export has it."""
        return self._top + name

    def documents(self, names: Iterable[str]) -> Iterator[Document | Remark]:
        """The documents of these names; of those that cannot be read, a remark. Raises ImportDamaged."""
        for name in names:
            try:
                document = self.document(name)
            except Unreadable as error:
                yield Remark(treatment="left out", where=name, what="the document", why=str(error))
                continue
            if document.mended:
                yield Remark(treatment="mended", where=name, what=document.mended, why="a damaged document")
            yield document

    def document(self, name: str) -> Document:
        """Raises Unreadable, and ImportDamaged where a strict import must not go on."""
        text, mended = self._text(name)
        front = self._front(name, text)
        return Document(name, front, "; ".join(filter(None, (mended, front.mended))))

    def _front(self, name: str, text: str) -> Front:
        if ending(name) == ".rst":  # its titles may stand between hyphens
            return Front(body=text)
        has_header = self._header and ending(name) in MARKDOWN
        if has_header and not text.startswith("---") and (front := front_matters.split_header(text)).fields:
            return front
        try:
            return front_matters.split(text)
        except front_matters.Damaged as error:
            if has_header and (front := front_matters.split_header(text)).fields:
                return front
            if not self.options.forgiving:
                raise ImportDamaged(f"{shown(name)}: {error}") from None
        return front_matters.split(text, forgiving=True)

    def settings(self, *names: str) -> dict[str, object]:
        """The values of the first of these files of settings that there is; {} where none can be read."""
        for name in names:
            if self.named(name):
                try:
                    return dict(front_matters.settings(self._text(name)[0], name))
                except (Unreadable, ImportDamaged):
                    return {}
        return {}

    def text(self, name: str) -> str:
        """The text of a small file; "" where it cannot be read."""
        try:
            return self._text(name)[0]
        except (Unreadable, ImportDamaged):
            return ""

    def _text(self, name: str) -> tuple[str, str]:
        """The text of a file, and what was damaged in it."""
        content = self._content(name)
        if content.startswith(_BYTE_ORDER_MARKS):
            return clean(content.decode("utf-16", "replace")), ""
        if b"\0" in content:
            raise Unreadable("it is no text")
        try:
            return clean(content.decode("utf-8-sig")), ""
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8 (byte {error.start + 1})"
        if not self.options.forgiving:
            raise ImportDamaged(f"{shown(name)}: {problem}; save it as UTF-8")
        return clean(content.decode("windows-1252", "replace")), f"{problem}; read as Windows-1252"

    def _content(self, name: str) -> bytes:
        try:
            if self._source.size(self._top + name) > MAX_BYTES:
                raise Unreadable("it is over 1 MiB")
            with self._source.open(self._top + name) as file:
                content = file.read(MAX_BYTES + 1)
        except (ImportRefused, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error).removeprefix(f"{shown(name)}: ")
            raise Unreadable(f"it cannot be read: {why}") from None
        if len(content) > MAX_BYTES:
            raise Unreadable("it is over 1 MiB")
        return content


def placed(names: Iterable[str], endings: Iterable[str]) -> list[str]:
    """Those of the files that end in one of `endings`."""
    wanted = frozenset(endings)
    return [name for name in names if ending(name) in wanted]


def unread(names: Iterable[str], *, but: str = "") -> Iterator[Remark]:
    """What is told of documents in languages that are not read; not of those that end in `but`."""
    for name in names:
        if ending(name) in _UNREAD and ending(name) != but:
            kind = ending(name)
            yield Remark(treatment="left out", where=name, what="the document", why=f"{kind} files are not read")


def top(names: Sequence[str]) -> str:
    """The folder, with a slash, that all files of a site are in, as in the archives of code hosts; "" without one."""
    above, slash, _ = names[0].partition("/") if names else ("", "", "")
    first = above + slash
    if not slash or not all(name.startswith(first) for name in names):
        return ""
    return first if any(_OF_SITES.match(name, len(first)) for name in names) else ""


def ending(name: str) -> str:
    """The ending of a file's name, in lower case."""
    return posixpath.splitext(name)[1].lower()


def stem(name: str) -> str:
    """The name of a file without folder and ending."""
    return posixpath.splitext(posixpath.basename(name))[0]
