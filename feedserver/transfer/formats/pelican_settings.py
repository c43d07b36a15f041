"""Pelican's settings: programs in Python, of which plain values are read. Nothing is ever run. Pure."""

import ast
import posixpath
import re
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from feedserver.transfer.formats.folder_posts import flat, mapping

_DEFAULTS: Final = {
    "PATH": "content",
    "ARTICLE_URL": "{slug}.html",
    "ARTICLE_LANG_URL": "{slug}-{lang}.html",
    "PAGE_URL": "pages/{slug}.html",
    "PAGE_LANG_URL": "pages/{slug}-{lang}.html",
    "CATEGORY_URL": "category/{slug}.html",
    "TAG_URL": "tag/{slug}.html",
    "AUTHOR_URL": "author/{slug}.html",
    "FEED_ALL_ATOM": "feeds/all.atom.xml",
    "USE_FOLDER_AS_CATEGORY": "True",
}
_SETTING: Final = re.compile(
    r"""^(?P<name>[A-Z][A-Z0-9_]*)[ \t]*=[ \t]*(?:(?P<quote>["'])(?P<text>[^"'\n\\]*)(?P=quote)|(?P<word>True|False))"""
    r"""[ \t]*(?:\#.*)?$""",
    re.MULTILINE,
)
# Lists and mappings that say which documents are shown.
_SHOWING: Final = re.compile(
    r"^(?P<name>DEFAULT_METADATA|EXTRA_PATH_METADATA|IGNORE_FILES|(?:ARTICLE|PAGE)_(?:EXCLUDES|PATHS))\b", re.MULTILINE
)
_ASSIGNED: Final = re.compile(r"[ \t]*=[ \t]*(?P<value>[^=].*)", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""[\[{(]|[\]})]|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|\#[^\n]*+|[^\[\]{}()"'\#\n]++|.""", re.DOTALL
)
_LONGEST: Final = 10_000  # characters of a statement
_MOST: Final = 10  # statements about one setting, the last ones
_UNKNOWN: Final = {"status": "not known"}  # which withholds
_UNREADABLE: Final = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


class PelicanSettings:
    """What files of settings say; each counts more than those before. `texts` are texts and flags."""

    def __init__(self, files: Iterable[str]) -> None:
        self.texts = {**_DEFAULTS}
        self._values: dict[str, Any] = {}
        for file in files:
            found = _SETTING.finditer(file)
            self.texts |= {match["name"]: match["word"] or match["text"] or "" for match in found}
            for name, said in _showing(file):
                if (value := _value(name, said)) is not None:
                    self._values[name] = value

    def defaults(self, name: str) -> Mapping[str, Any]:
        """The fields that a document, by its path below the contents, has where it says nothing itself."""
        found = dict(_fields(self._values.get("DEFAULT_METADATA")))
        of_paths = mapping(self._values.get("EXTRA_PATH_METADATA"))
        for path in sorted(of_paths, key=len):
            if _is_below(path, name):
                found |= _fields(of_paths[path])
        return found

    def is_read(self, name: str) -> bool:
        """Whether the site read a document, by its path below the contents."""
        ignored = flat(self._values.get("IGNORE_FILES"))
        names = (name, *name.split("/"))
        if any(fnmatchcase(one, pattern) for one in names for pattern in ignored):
            return False
        return self.is_page(name) or self._is_found(name, "ARTICLE", "PAGE")

    def is_page(self, name: str) -> bool:
        """Whether the site took a document, by its path below the contents, for a page, and no article."""
        return self._is_found(name, "PAGE", "ARTICLE")

    def is_saved(self, fields: Mapping[str, Any], *, is_page: bool) -> bool:
        """Whether the site wrote a file for a document with these fields: an empty name means none."""
        given = fields.get("save_as", self.texts.get("PAGE_SAVE_AS" if is_page else "ARTICLE_SAVE_AS"))
        return given is None or bool(str(given).strip())

    def _is_found(self, name: str, kind: str, other: str) -> bool:
        """Whether a document stands where those of a kind are looked for; not where those of the other one are."""
        excluded = [*self._folders(f"{kind}_EXCLUDES"), *self._folders(f"{other}_PATHS")]
        return any(
            _is_below(path, name)
            and not any(one != path and _is_below(path, one) and _is_below(one, name) for one in excluded)
            for path in self._folders(f"{kind}_PATHS")
        )

    def _folders(self, setting: str) -> list[str]:
        value = self._values.get(setting)
        if not isinstance(value, list):
            return {"ARTICLE_PATHS": [""], "PAGE_PATHS": ["pages"]}.get(setting, [])
        return [posixpath.normpath(f"/{one}").strip("/") for one in flat(value)]


def _showing(file: str) -> Iterator[tuple[str, str]]:
    """The names of the settings that say what is shown, each with what follows it in a statement."""
    ends: dict[str, deque[int]] = {}
    for match in _SHOWING.finditer(file):
        ends.setdefault(match["name"], deque(maxlen=_MOST)).append(match.end())
    return ((name, _statement(file, end)) for name, places in ends.items() for end in places)


def _statement(file: str, start: int) -> str:
    """What follows `start` up to the end of the line, or of the lines that brackets join."""
    pieces: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(file, start, start + _LONGEST):
        depth += (token[0] in ("[", "{", "(")) - (token[0] in ("]", "}", ")"))
        if token[0] == "\n" and depth <= 0:
            break
        pieces.append(token[0])
    return "".join(pieces)


def _value(name: str, said: str) -> Any:
    """The value that a statement gives to a setting; None where it is no plain one.

    Fields that nobody can read withhold, if the state may be among them.
    """
    if assigned := _ASSIGNED.fullmatch(said):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of odd escapes in it
                value = ast.literal_eval(assigned["value"].strip())
            return list(value) if isinstance(value, tuple | set) else value
        except _UNREADABLE:
            pass
    may_withhold = "status" in said.lower() or not re.search(r"[\[{(]", said)
    return _UNKNOWN if name == "DEFAULT_METADATA" and may_withhold else None


def _fields(value: Any) -> dict[str, Any]:
    """Fields with their values as text; they are written as a mapping or as pairs."""
    try:
        found = dict(value or ())
    except (TypeError, ValueError):
        return {}
    return {name.lower(): part if part is None else str(part) for name, part in found.items() if isinstance(name, str)}


def _is_below(folder: str, name: str) -> bool:
    return not folder or f"{name}/".startswith(f"{folder.strip('/')}/")
