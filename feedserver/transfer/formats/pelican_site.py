"""A site of Pelican: its settings, which are read and never run, its documents, and their addresses."""

import posixpath
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import unquote

import turbohtml

from feedserver.errors import ImportDamaged
from feedserver.transfer.formats import folder_posts, restructured_text
from feedserver.transfer.formats.folder import HTML, MARKDOWN, Document, Folder, Unreadable, ending, placed
from feedserver.transfer.formats.folder_kinds import PELICAN_SETTINGS
from feedserver.transfer.formats.folder_links import FolderSite, divided
from feedserver.transfer.formats.folder_posts import Fields, zone_named
from feedserver.transfer.formats.front_matters import Damaged, Front
from feedserver.transfer.formats.pelican_settings import PelicanSettings
from feedserver.transfer.formats.permalinks import quoted
from feedserver.transfer.items import ImportedMedia
from feedserver.transfer.member_names import shown
from feedserver.transfer.options import Options

RST: Final = ".rst"
_INTERNAL: Final = re.compile(r"(?:\{(?P<kind>\w+)\}|%7B(?P<encoded>\w+)%7D|\|(?P<old>\w+)\|)(?P<path>.*)", re.DOTALL)
_PART: Final = re.compile(r"\{(?P<name>\w+)(?::(?P<form>[^{}]*))?\}")
_BODY: Final = re.compile(r"<body\b[^>]*>(?P<body>.*)</body\s*>", re.DOTALL | re.IGNORECASE)
_NOT_IN_SLUG: Final = re.compile(r"[^\w\s-]")
_BLANKS: Final = re.compile(r"[-\s]+")
_STATIC: Final = ("images/", "extra/")  # of the content: files that are copied as they are


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stood. `name` is its slug there; `url` is None of one that was not shown.

    `defaults` are what the settings say of it where it says nothing itself. `is_saved`: the site wrote a file for it.
    """

    is_page: bool
    name: str
    lang: str
    date: datetime | None
    category: str
    url: str | None
    defaults: Mapping[str, Any]
    is_saved: bool


class PelicanSite(FolderSite):
    """A folder that Pelican makes a site of, or its folder of contents."""

    def __init__(self, folder: Folder, options: Options) -> None:
        files = (folder.text(name) for name in reversed(PELICAN_SETTINGS) if folder.named(name))
        self._parts = PelicanSettings(files)
        self.settings = self._parts.texts
        content = posixpath.normpath(self.settings["PATH"]) + "/"
        self._content = content if any(True for _ in folder.below(content)) else ""
        super().__init__(folder, (options.url or self.settings.get("SITEURL", "")).rstrip("/"), (self._content,))
        self.zone = zone_named(self.settings.get("TIMEZONE", ""), options.zone)
        self.lang = self.settings.get("DEFAULT_LANG", "en").lower()
        self.reads_rst = restructured_text.is_readable()
        readable = (*MARKDOWN, *HTML, *((RST,) if self.reads_rst else ()))
        static = tuple(self._content + name for name in _STATIC)
        found = [
            name
            for name in placed(folder.below(self._content), readable)
            if not name.startswith(static) and not self.hides(name)
        ]
        self.documents = [name for name in found if self._parts.is_read(self._below_content(name))]
        self._all = frozenset(self.documents)
        self.excluded = [name for name in found if name not in self._all]

    def document(self, document: Document) -> Document:
        """A document with the fields that its language has a place for. Raises ImportDamaged."""
        if ending(document.name) in HTML:
            return replace(document, front=_of_html(document.front.body))
        if ending(document.name) != RST:
            return document
        try:
            return replace(document, front=restructured_text.read(document.front.body))
        except Damaged as error:
            if not self.folder.options.forgiving:
                raise ImportDamaged(f"{shown(document.name)}: {error}") from None
            raise Unreadable(f"it {error}") from None

    def place(self, document: Document) -> Placed:
        """Where a document stood."""
        fields = Fields(document, self.zone)
        name_below = self._below_content(document.name)
        is_page = self._parts.is_page(name_below)
        dated, _ = folder_posts.dated(f"{document.stem}-", self.zone)
        date = fields.moment("date") or dated
        folder = (
            posixpath.basename(posixpath.dirname(name_below))
            if self.settings["USE_FOLDER_AS_CATEGORY"] == "True" and not is_page
            else ""
        )
        category = fields.text("category") or folder
        name = fields.text("slug") or slugified(fields.text("title") or document.stem)
        lang = (fields.text("lang") or self.lang).lower()
        values = {"slug": name, "lang": lang, "category": slugified(category or "misc")}
        values["author"] = slugified(next(iter(split(fields, "authors", "author")), self.settings.get("AUTHOR", "")))
        pattern = fields.text("url") or self._pattern(is_page, lang)
        path = _filled(pattern, values, date.astimezone(self.zone) if date else None)
        url = None if path is None else self.at(path)
        is_saved = self._parts.is_saved(document.front.fields, is_page=is_page)
        return Placed(is_page, name, lang, date, category, url, self._parts.defaults(name_below), is_saved)

    def _pattern(self, is_page: bool, lang: str) -> str:
        kind = "PAGE" if is_page else "ARTICLE"
        return self.settings[f"{kind}_LANG_URL" if lang != self.lang else f"{kind}_URL"]

    def _address_of(self, name: str) -> str | None:
        return self.place(self.document(self.folder.document(name))).url if name in self._all else None

    def _replaced(self, address: str, name: str, url: str | None, media: list[ImportedMedia]) -> str:
        internal = _INTERNAL.fullmatch(address.strip())
        if internal is None:
            return super()._replaced(address, name, url, media)
        kind = internal["kind"] or internal["encoded"] or internal["old"]
        path, tail = divided(internal["path"])
        path = unquote(path)
        if kind in ("tag", "category", "author"):
            pattern = self.settings[f"{kind.upper()}_URL"]
            return self.at(_PART.sub(slugified(path), pattern)) + tail
        if kind == "index":
            return self.at("") + tail
        wanted = (
            path if path.startswith("/") else posixpath.join("/", posixpath.dirname(self._below_content(name)), path)
        )
        return super()._replaced(quoted(posixpath.normpath(wanted)), name, url, media) + tail

    def _below_content(self, name: str) -> str:
        return name.removeprefix(self._content)


def split(fields: Fields, *names: str) -> list[str]:
    """The names in fields: between semicolons if there are any, else between commas; or lines."""
    found: list[str] = []
    for name in names:
        value = fields.get(name)
        mark = ";" if isinstance(value, str) and ";" in value else ","
        found += fields.texts(name, rf"[{mark}\n]") if name != "author" or mark == ";" else fields.texts(name)
    return found


def slugified(text: str) -> str:
    """Text as Pelican makes a slug of it: in ASCII and lower case, without signs."""
    ascii_text = unicodedata.normalize("NFKD", unescape(text)).encode("ascii", "ignore").decode()
    return _BLANKS.sub("-", _NOT_IN_SLUG.sub("", ascii_text).strip()).lower()


def _filled(pattern: str, values: dict[str, str], date: datetime | None) -> str | None:
    """The path that a pattern gives; None if it names what is not known."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match["name"] == "date" and date is not None:
            return date.strftime(match["form"] or "%Y-%m-%d")
        unknown |= match["name"] not in values
        return values.get(match["name"], "")

    path = _PART.sub(value, pattern)
    return None if unknown else path


def _of_html(text: str) -> Front:
    """The fields of an HTML document: its title and its `meta` elements. Its body is all that is to be shown."""
    fields: dict[str, str] = {}
    title = -1
    for token in turbohtml.tokenize(text):
        if token.tag == "meta" and token.type is turbohtml.TokenType.START_TAG and (name := token.attr("name")):
            fields[name.lower()] = token.attr("content") or token.attr("contents") or ""
        if token.tag == "body":
            break
        if token.tag == "title":
            title = 0 if token.type is turbohtml.TokenType.START_TAG else -1
        elif title == 0 and token.type is turbohtml.TokenType.TEXT:
            fields["title"] = fields.get("title", "") + (token.data or "")
    body = _BODY.search(text)
    return Front(fields, {name: name for name in fields}, body["body"] if body else text, is_there=bool(fields))
