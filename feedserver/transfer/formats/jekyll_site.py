"""A site of Jekyll: its settings, which of its files are documents, and their permalinks."""

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any, Final, Literal

from feedserver.transfer.formats import folder_posts, globs, permalinks
from feedserver.transfer.formats.folder import HTML, MARKDOWN, Document, Folder, placed, stem
from feedserver.transfer.formats.folder_kinds import JEKYLL_SETTINGS
from feedserver.transfer.formats.folder_links import FolderSite
from feedserver.transfer.formats.folder_posts import Fields, flat, mapping, mappings, names, zone_named
from feedserver.transfer.options import Options

_STYLES: Final = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_POSTS: Final = "_posts/"
_DRAFTS: Final = "_drafts/"
_KEPT: Final = "._~!$&'()+,;=@"
_PASSED_OVER: Final = re.compile(r"/_posts/[._#~]")
_NO_PAGES: Final = ("node_modules/", "vendor/")
_HYPHENS: Final = re.compile("-{2,}")

Role = Literal["post", "draft", "page"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stood. `name` is that of its file, without a date. `url` is None where it had none.

    `defaults` are what the settings say of it where its front matter says nothing.
    """

    role: Role
    date: datetime | None
    name: str
    categories: tuple[str, ...]
    url: str | None
    defaults: Mapping[str, Any]


class JekyllSite(FolderSite):
    """A folder that Jekyll makes a site of, or a folder of its posts."""

    def __init__(self, folder: Folder, options: Options) -> None:
        self.settings = folder.settings(*JEKYLL_SETTINGS)
        self.path = self._setting("baseurl").rstrip("/")
        super().__init__(folder, (options.url or self._setting("url").rstrip("/") + self.path).rstrip("/"))
        self.zone = zone_named(self._setting("timezone"), options.zone)
        self._style = self._setting("permalink") or "date"
        self._excluded = tuple(filter(None, (one.lstrip("/") for one in flat(self.settings.get("exclude")))))
        self._posts_settings = mapping(mapping(self.settings.get("collections")).get("posts"))
        self._documents = placed(folder.names, (*MARKDOWN, *HTML))
        self._is_loose = not any(map(folder.named, JEKYLL_SETTINGS)) and not any(
            _is_in(_POSTS, name) or _is_in(_DRAFTS, name) for name in folder.names
        )
        self.documents = {name: role for name in self._documents if (role := self._role(name)) is not None}
        self._posts = {stem(name): name for name, role in self.documents.items() if role == "post"}

    def _setting(self, name: str) -> str:
        value = self.settings.get(name)
        return value.strip() if isinstance(value, str) else ""

    def collections(self) -> Iterator[str]:
        """The documents of collections."""
        declared = self.settings.get("collections")
        own = declared if isinstance(declared, dict | list) else []
        folders = tuple(f"_{name}/" for name in own if isinstance(name, str) and name != "posts")
        return (name for name in self._documents if folders and name.startswith(folders))

    def excluded(self) -> Iterator[str]:
        """The posts and drafts that the settings exclude."""
        kept = (name for name in self._documents if _is_in(_POSTS, name) or _is_in(_DRAFTS, name))
        return (name for name in kept if self._is_excluded(name))

    @property
    def shows_posts(self) -> bool:
        """Whether the site made pages of its posts."""
        return self._posts_settings.get("output") != "false"

    def _address_of(self, name: str) -> str | None:
        return self.place(self.folder.document(name)).url if name in self.documents else None

    def hides(self, name: str) -> bool:
        is_passed_over = any(step.startswith((".", "_")) for step in name.split("/")) or self._is_excluded(name)
        return is_passed_over and name not in self.documents

    def named_by_tag(self, tag: str, name: str) -> str | None:
        """The address of what the tags `post_url` (a post's name) and `link` (a path) name."""
        if tag == "post_url":
            found = self._posts.get(posixpath.basename(name))
            return self.address_of(found) if found else None
        if (file := self.folder.named(name.lstrip("/"))) is None or self.hides(file):
            return None
        return self.address_of(file) or self.file(file)

    def _role(self, name: str) -> Role | None:
        if self._is_excluded(name):
            return None
        if _is_in(_DRAFTS, name) or _PASSED_OVER.search(f"/{name}"):
            return "draft"
        if self._is_loose or _is_in(_POSTS, name):
            return "post"
        is_hidden = any(step.startswith((".", "_")) for step in name.split("/"))
        return None if is_hidden or name.startswith(_NO_PAGES) else "page"

    def _is_excluded(self, name: str) -> bool:
        """Whether the settings exclude a file: they name beginnings of paths, or patterns."""
        return name.startswith(self._excluded) or any(fnmatchcase(name, one) for one in self._excluded)

    def place(self, document: Document) -> Placed:
        """Where a document of this site stood."""
        role = self.documents[document.name]
        date, name = folder_posts.dated(document.stem, self.zone)
        fields = Fields(document, self.zone)
        date = fields.moment("date") or date
        categories = self._categories(document.name, fields)
        defaults = self._defaults(document.name, role)
        default = defaults.get("permalink")
        default = default if isinstance(default, str) else self._pattern(document.name, role)
        pattern = fields.text("permalink") or default
        values = permalinks.of_jekyll(date.astimezone(self.zone)) if date else {}
        title = fields.text("slug") or name
        values |= {
            "categories": "/".join(category.lower() for category in categories),
            "title": pretty(title),
            "slug": pretty(title, "").lower(),
            "output_ext": ".html",
            "path": posixpath.dirname(document.name),
            "basename": document.stem,
        }
        path = None if role == "draft" else permalinks.filled(_STYLES.get(pattern, pattern), values)
        return Placed(role, date, name, categories, None if path is None else self.base + path, defaults)

    def _categories(self, name: str, fields: Fields) -> tuple[str, ...]:
        before, posts, _ = f"/{name}".partition(f"/{_POSTS}")
        above = [step for step in before.split("/") if step and not step.startswith("_")] if posts else []
        return names([*above, *fields.texts("category"), *fields.texts("categories", r",?\s+")])

    def _defaults(self, name: str, role: Role) -> dict[str, Any]:
        """What the settings' `defaults` say of the documents of a folder or a role: the longest path counts most."""
        found: list[tuple[tuple[int, bool], Mapping[str, Any]]] = []
        for one in mappings(self.settings.get("defaults")):
            scope = mapping(one.get("scope"))
            path, kind = str(scope.get("path") or "").strip("/"), scope.get("type")
            if kind in (None, role, f"{role}s") and _is_below(path, name):
                found.append(((len(path), kind is not None), mapping(one.get("values"))))
        values: dict[str, Any] = {}
        for _, more in sorted(found, key=itemgetter(0)):
            values |= more
        return values

    def _pattern(self, name: str, role: Role) -> str:
        if role != "page":
            found = self._posts_settings.get("permalink")
            return found if isinstance(found, str) else self._style
        if stem(name) == "index":
            return "/:path/"
        if self._style in _STYLES and self._style != "pretty":
            return "/:path/:basename:output_ext"
        suffix = next((end for end in ("/", ":output_ext") if self._style.endswith(end)), "")
        return f"/:path/:basename{'/' if self._style == 'pretty' else suffix}"


def pretty(text: str, kept: str = _KEPT) -> str:
    """Text as a part of a permalink, in its letter case: what is no letter, digit or in `kept` becomes a hyphen."""
    letters = (c if unicodedata.category(c)[0] in "LM" or c.isdecimal() or c in kept else "-" for c in text)
    return _HYPHENS.sub("-", "".join(letters)).strip("-")


def _is_in(folder: str, name: str) -> bool:
    return f"/{folder}" in f"/{name}"


def _is_below(path: str, name: str) -> bool:
    """Whether a path, or a pattern of paths, of the settings is that of a file or of a folder above it."""
    if "*" not in path:
        return not path or f"{name}/".startswith(f"{path}/")
    steps = name.split("/")
    return any(globs.matches(path, "/".join(steps[:number])) for number in range(1, len(steps) + 1))
