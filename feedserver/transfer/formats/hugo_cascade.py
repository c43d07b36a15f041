"""What Hugo's settings and sections hand down to the documents below them: the values of `cascade`. Pure."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from feedserver.transfer.formats import globs
from feedserver.transfer.formats.folder_posts import mapping, mappings

UNKNOWN: Final = {"draft": "true"}  # handed down where nobody can read what is: it may have withheld everything
_KIND: Final = "page"  # of all documents that are read
_ENVIRONMENT: Final = "production"  # in which sites are made for readers


@dataclass(frozen=True, slots=True)
class Reached:
    """A document that may be handed something: its file, its language, and the paths by which patterns may name it."""

    name: str
    lang: str
    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Handed:
    """Values for the documents that `target` names, all if it names none; of one language, if `lang` is one."""

    lang: str
    target: Mapping[str, Any]
    values: Mapping[str, Any]

    def is_for(self, document: Reached) -> bool:
        said = (("kind", [_KIND]), ("environment", [_ENVIRONMENT]), ("lang", [document.lang]), ("path", document.paths))
        return self.lang in ("", document.lang) and all(_names(self.target.get(key), found) for key, found in said)


class Cascade:
    """Everything that a site hands down. `settings` is the value of `cascade` in the site's settings."""

    def __init__(self, settings: Any) -> None:
        self._of_settings = list(_handed(settings, ""))
        self._by_folder: dict[str, list[_Handed]] = {}

    def add(self, folder: str, lang: str, value: Any) -> None:
        """Takes the `cascade` of the list in a folder; `lang` is "" where it is for all languages."""
        self._by_folder.setdefault(folder, []).extend(_handed(value, lang))

    def to(self, document: Reached) -> Mapping[str, Any]:
        """What is handed down to a document: the folder nearest to it counts most, and in one the first."""
        values: dict[str, Any] = {}
        for handed in self._above(document.name):
            if handed.is_for(document):
                values = {**handed.values, **values}
        return values

    def _above(self, name: str) -> Iterator[_Handed]:
        folder = name
        while folder:
            folder = posixpath.dirname(folder)
            yield from self._by_folder.get(folder, ())
        yield from self._of_settings


def _handed(value: Any, lang: str) -> Iterator[_Handed]:
    if isinstance(value, str) and value.strip():
        yield _Handed(lang, {}, UNKNOWN)
    for one in mappings(value):
        values = {name.lower(): part for name, part in one.items()}
        target = mapping(values.pop("_target", None)) or mapping(values.pop("target", None))
        yield _Handed(lang, {name.lower(): part for name, part in target.items()}, values)


def _names(pattern: Any, found: Sequence[str]) -> bool:
    """Whether a pattern names one of the words that were found; all are named where it is none."""
    return not isinstance(pattern, str) or any(globs.matches(pattern.lower(), one.lower()) for one in found)
