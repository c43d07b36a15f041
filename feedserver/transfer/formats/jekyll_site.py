"""A site of Jekyll: its settings, which of its files are documents, and their permalinks."""

import posixpath
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from feedserver.transfer.formats import folder_posts, permalinks
from feedserver.transfer.formats.folder import HTML, MARKDOWN, Document, Folder, placed, stem
from feedserver.transfer.formats.folder_kinds import JEKYLL_SETTINGS
from feedserver.transfer.formats.folder_links import FolderSite
from feedserver.transfer.formats.folder_posts import Fields, flat, mapping, names, zone_named
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
_HYPHENS: Final = re.compile("-{2,}")

Role = Literal["post", "draft", "page"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stood. `name` is that of its file, without a date. `url` is None where it had none."""

    role: Role
    date: datetime | None
    name: str
    categories: tuple[str, ...]
    url: str | None


class JekyllSite(FolderSite):
    """A folder that Jekyll makes a site of, or a folder of its posts."""

    def __init__(self, folder: Folder, options: Options) -> None:
        self.settings = folder.settings(*JEKYLL_SETTINGS)
        self.path = self._setting("baseurl").rstrip("/")
        super().__init__(folder, (options.url or self._setting("url").rstrip("/") + self.path).rstrip("/"))
        self.zone = zone_named(self._setting("timezone"), options.zone)
        self._style = self._setting("permalink") or "date"
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

    def _address_of(self, name: str) -> str | None:
        return self.place(self.folder.document(name)).url if name in self.documents else None

    def hides(self, name: str) -> bool:
        return any(step.startswith((".", "_")) for step in name.split("/")) and name not in self.documents

    def named_by_tag(self, tag: str, name: str) -> str | None:
        """The address of what the tags `post_url` (a post's name) and `link` (a path) name."""
        if tag == "post_url":
            found = self._posts.get(posixpath.basename(name))
            return self.address_of(found) if found else None
        if (file := self.folder.named(name.lstrip("/"))) is None or self.hides(file):
            return None
        return self.address_of(file) or self.file(file)

    def _role(self, name: str) -> Role | None:
        if _is_in(_DRAFTS, name):
            return "draft"
        if self._is_loose or _is_in(_POSTS, name):
            return "post"
        is_hidden = any(step.startswith((".", "_")) for step in name.split("/"))
        return None if is_hidden or self._is_excluded(name) else "page"

    def _is_excluded(self, name: str) -> bool:
        folders = [one.strip("/") for one in flat(self.settings.get("exclude"))] + ["node_modules", "vendor"]
        return any(name == one or name.startswith(f"{one}/") for one in folders)

    def place(self, document: Document) -> Placed:
        """Where a document of this site stood."""
        role = self.documents[document.name]
        date, name = folder_posts.dated(document.stem, self.zone)
        fields = Fields(document, self.zone)
        date = fields.moment("date") or date
        categories = self._categories(document.name, fields)
        pattern = fields.text("permalink") or self._default(document.name, role) or self._pattern(document.name, role)
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
        return Placed(role, date, name, categories, None if path is None else self.base + path)

    def _categories(self, name: str, fields: Fields) -> tuple[str, ...]:
        before, posts, _ = f"/{name}".partition(f"/{_POSTS}")
        above = [step for step in before.split("/") if step and not step.startswith("_")] if posts else []
        return names([*above, *fields.texts("category"), *fields.texts("categories", r",?\s+")])

    def _default(self, name: str, role: Role) -> str | None:
        """The permalink that the settings' `defaults` give to the documents of a folder or a role."""
        defaults = self.settings.get("defaults")
        for one in reversed(defaults) if isinstance(defaults, list) else ():
            scope, values = (mapping(mapping(one).get(part)) for part in ("scope", "values"))
            path, found = str(scope.get("path") or "").strip("/"), values.get("permalink")
            if scope.get("type") in (None, f"{role}s") and f"{name}/".startswith(path) and isinstance(found, str):
                return found
        return None

    def _pattern(self, name: str, role: Role) -> str:
        if role != "page":
            found = mapping(mapping(self.settings.get("collections")).get("posts")).get("permalink")
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
