"""A site of Hugo: its settings, which of its files are documents, and their permalinks."""

import posixpath
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin

from feedserver.transfer.formats import folder_posts, permalinks
from feedserver.transfer.formats.folder import HTML, MARKDOWN, Document, Folder, Unreadable, placed, stem
from feedserver.transfer.formats.folder_kinds import HUGO_SETTINGS
from feedserver.transfer.formats.folder_links import FolderSite, is_of_pages
from feedserver.transfer.formats.folder_posts import Fields, flat, mapping, zone_named
from feedserver.transfer.formats.hugo_cascade import UNKNOWN, Cascade, Reached
from feedserver.transfer.items import Remark
from feedserver.transfer.options import Options

_PAGES: Final = ("page", "pages")  # sections
_KEPT: Final = "./_#+~-@"
_DATES: Final = ("date", "publishdate", "pubdate", "published", "lastmod", "modified")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stood. `name` is that of its file or of its bundle. `url` is None where it is not known.

    `defaults` are what the site says of it where its front matter says nothing.
    """

    name: str
    sections: tuple[str, ...]
    lang: str
    date: datetime | None
    url: str | None
    defaults: Mapping[str, Any]

    @property
    def is_page(self) -> bool:
        return not self.sections or self.sections[0] in _PAGES


class HugoSite(FolderSite):
    """A folder that Hugo makes a site of, its folder of contents, or one section of it, by the folder's name."""

    def __init__(self, folder: Folder, options: Options) -> None:
        self.settings = folder.settings(*HUGO_SETTINGS)
        content = (self._setting("contentdir") or "content").strip("/") + "/"
        self._content = content if any(name.startswith(content) for name in folder.names) else ""
        self._section = "" if self._content or self.settings or stem(folder.name) == "content" else stem(folder.name)
        super().__init__(
            folder, (options.url or self._setting("baseurl")).rstrip("/"), ("static/", self._content, "assets/")
        )
        self.zone = zone_named(self._setting("timezone"), options.zone)
        languages = mapping(self.settings.get("languages"))
        self._languages = {name.lower() for name in languages}
        self._disabled = {name.lower() for name in flat(self.settings.get("disablelanguages"))}.union(
            name.lower() for name, settings in languages.items() if mapping(settings).get("disabled") == "true"
        )
        self._language = (self._setting("defaultcontentlanguage") or "en").lower()
        self._is_ugly = self._setting("uglyurls") == "true"
        found = placed((name for name in folder.names if name.startswith(self._content)), (*MARKDOWN, *HTML))
        self._bundles = {posixpath.dirname(name): name for name in found if self._name(name)[0] == "index"}
        self._bundles.pop("", None)
        self.lists = [name for name in found if self._name(name)[0] == "_index"]
        self._cascade = Cascade(self.settings.get("cascade"))
        for name in self.lists:
            self._cascade.add(posixpath.dirname(name), self._name(name)[1], self._handed_down(name))
        self.resources = [name for name in found if self._is_resource(name)]
        others = {*self.lists, *self.resources}
        self.documents = [name for name in found if name not in others]
        self._all = frozenset(self.documents)
        self._by_name: dict[str, str] = {}
        for name in self.documents:
            key = posixpath.basename(posixpath.dirname(name)) if self._name(name)[0] == "index" else stem(name)
            self._by_name.setdefault(key.lower(), name)

    def _setting(self, name: str) -> str:
        value = self.settings.get(name)
        return value.strip() if isinstance(value, str) else ""

    def _handed_down(self, name: str) -> Any:
        """What a list hands down to the documents below it. Raises ImportDamaged."""
        try:
            document = self.folder.document(name)
        except Unreadable:
            return UNKNOWN
        return UNKNOWN if document.mended and not document.front.is_there else document.front.fields.get("cascade")

    def shows(self, lang: str) -> bool:
        """Whether the site was made in a language; "" is its own."""
        return (lang or self._language) not in self._disabled

    def left_out(self) -> Iterator[Remark]:
        """What is told of documents that are none of their own."""
        for names, why in ((self.lists, "lists are our own"), (self.resources, "a resource of another document")):
            for name in names:
                yield Remark(treatment="left out", where=name, what="the document", why=why)

    def feeds(self) -> dict[str, str]:
        """The addresses of the feeds: that of the site, and those of its sections."""
        below = (name.removeprefix(self._content) for name in self.documents)
        sections = {name.partition("/")[0] for name in below if "/" in name}
        return {
            self.at(path): "rss" for path in ("index.xml", *(f"{name}/index.xml" for name in sorted(sections)[:50]))
        }

    def _address_of(self, name: str) -> str | None:
        return self.place(self.folder.document(name)).url if name in self._all else None

    def file(self, name: str) -> str:
        bundle = self._bundle(name)
        if bundle and (url := self.address_of(self._bundles[bundle])):
            return urljoin(url, permalinks.quoted(name.removeprefix(f"{bundle}/")))
        return super().file(name)

    def files_of(self, document: Document) -> Iterator[str]:
        """The files of a document's bundle that are to be shown."""
        folder = posixpath.dirname(document.name)
        if self._bundles.get(folder) == document.name:
            beside = self.folder.below(f"{folder}/")
            yield from (name for name in beside if not is_of_pages(name) and not self.hides(name))

    def referred(self, reference: str, document: str) -> str | None:
        """The address of the document that a `ref` in another one names: by a path, or by its name alone."""
        path, mark, fragment = reference.partition("#")
        if not path:
            return mark + fragment if mark else None
        beside = posixpath.join(posixpath.dirname(document), path)
        for base in (beside, self._content + path.lstrip("/")):
            for ending in ("", *MARKDOWN, "/index.md"):
                found = self.folder.named(posixpath.normpath(base + ending))
                if found and (address := self.address_of(found)):
                    return address + mark + fragment
        named = posixpath.basename(path.rstrip("/")).lower()
        found = self._by_name.get(named) or self._by_name.get(posixpath.splitext(named)[0])
        address = self.address_of(found) if found else None
        return None if address is None else address + mark + fragment

    def place(self, document: Document) -> Placed:
        """Where a document of this site stood."""
        name, lang = self._name(document.name)
        folders = posixpath.dirname(document.name).removeprefix(self._content.rstrip("/")).split("/")
        sections = tuple(filter(None, (self._section, *folders)))
        if name == "index" and folders[-1]:
            name, sections = sections[-1], sections[:-1]
        fields = Fields(document, self.zone)
        date = fields.moment(*_DATES) or folder_posts.dated(name, self.zone)[0]
        path = self._path(fields, name, sections, date)
        url = None if path is None else f"{self.base}{f'/{lang}' if lang and lang != self._language else ''}{path}"
        path = f"/{'/'.join((*sections, name))}"
        paths = (path, path.replace(" ", "-"), f"/{document.name.removeprefix(self._content)}")
        defaults = self._cascade.to(Reached(document.name, lang or self._language, paths))
        return Placed(name, sections, lang, date, url, defaults)

    def _path(self, fields: Fields, name: str, sections: tuple[str, ...], date: datetime | None) -> str | None:
        values = permalinks.of_hugo(date.astimezone(self.zone)) if date else {}
        slug, title = fields.text("slug"), fields.text("title") or name
        values |= dict.fromkeys(("filename", "contentbasename"), name)
        values |= dict.fromkeys(("slugorfilename", "slugorcontentbasename"), slug or name)
        values |= {"section": sections[0] if sections else "", "sections": "/".join(sections)}
        values |= {"title": title, "slug": slug or title}
        if given := fields.text("url"):
            return permalinks.filled(given, values)
        made = {name: urlized(value) for name, value in values.items()}
        default = f"/{'/'.join(sections)}/:slugorfilename/"
        path = permalinks.filled(urlized(self._pattern(sections) or default, "./_#+~-@:"), made)
        return f"{path.rstrip('/')}.html" if path and self._is_ugly else path

    def _pattern(self, sections: tuple[str, ...]) -> str | None:
        patterns = mapping(self.settings.get("permalinks"))
        patterns = {**patterns, **mapping(patterns.get("page"))}
        found = patterns.get(sections[0] if sections else "/")
        return found if isinstance(found, str) else None

    def _name(self, name: str) -> tuple[str, str]:
        """The name of a document's file without endings, and its language where the name says it."""
        whole = stem(name)
        before, dot, lang = whole.rpartition(".")
        return (before, lang.lower()) if dot and lang.lower() in self._languages else (whole, "")

    def _is_resource(self, name: str) -> bool:
        bundle = self._bundle(name)
        return bundle is not None and not (posixpath.dirname(name) == bundle and self._name(name)[0] == "index")

    def _bundle(self, name: str) -> str | None:
        """The folder of the outermost bundle that a file is in."""
        steps = posixpath.dirname(name).split("/")
        above = ("/".join(steps[:number]) for number in range(1, len(steps) + 1))
        return next((folder for folder in above if folder in self._bundles), None)


def urlized(text: str, kept: str = _KEPT) -> str:
    """Text as a part of a permalink of Hugo's: in lower case, with hyphens between words, without other signs."""
    letters = (c for c in "-".join(text.split()) if unicodedata.category(c)[0] in "LM" or c.isdecimal() or c in kept)
    return "".join(letters).lower()
