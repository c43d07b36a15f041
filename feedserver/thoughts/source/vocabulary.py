"""Class names of microformats2, and the classic ones of blogs, as far as they say what a source is to a post. Pure.

https://microformats.org/wiki/microformats2-parsing, and “Classic Microformats backward compatibility” there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Prefix = Literal["p", "u", "dt", "e"]
Property = tuple[Prefix, str]

# Every type known, as `h-full` and the like are for style: what is in them belongs to the item around.
_TYPES: Final = frozenset(
    "adr card cite entry event feed geo item listing product recipe resume review review-aggregate".split()
)
_CLASSIC_TYPES: Final = {"hentry": "entry", "hfeed": "feed", "vcard": "card"}
RESPONSES: Final = ("in-reply-to", "like-of", "repost-of", "bookmark-of", "like", "repost", "mention")
_READ: Final = {
    "entry": frozenset(("name", "summary", "content", "author", "url", "published", "rsvp", *RESPONSES)),
    "card": frozenset(("name", "url", "uid")),
    "cite": frozenset(("url",)),
    "feed": frozenset(("author",)),
}
_CLASSIC: Final[dict[str, dict[str, Property]]] = {
    "entry": {
        "entry-title": ("p", "name"),
        "entry-summary": ("p", "summary"),
        "entry-content": ("e", "content"),
        "published": ("dt", "published"),
        "author": ("p", "author"),
    },
    "card": {"fn": ("p", "name"), "url": ("u", "url")},
    "feed": {"author": ("p", "author")},
}
_PREFIXES: Final[dict[str, Prefix]] = {"p": "p", "u": "u", "dt": "dt", "e": "e"}
# A property of text: not `p-4`, which is for style.
_TEXT: Final = re.compile("[pe]-(?:[a-z0-9]+-)?[a-z]+(?:-[a-z]+)*")
_MAX_CLASS: Final = 2_000  # characters of an attribute
MIN_NAMES: Final = ("h-entry", "hentry")  # one of them is in every page that is read


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the class names of an element say.

    `root`: the type of the item that it begins, without `h-`, and whether it is of a classic format. `properties` are
    those of the item around. `is_text`: there is a property of text, whatever it is called, so that the item around has
    no implied name. `part`: it is a part of a value (value class pattern), in its `title` attribute if so called.
    """

    root: tuple[str, bool] | None = None
    properties: tuple[Property, ...] = ()
    is_text: bool = False
    part: Literal["value", "value-title"] | None = None


def meaning_of(attribute: str, owner_type: str | None, *, is_classic: bool) -> Meaning | None:
    """The meaning of a class attribute within an item of a type, None if it has none; of long ones only the beginning.

    `is_classic`: that item is of a classic format. The classic names of items count there, in feeds and in no item.
    """
    return _meaning_of(attribute[: _MAX_CLASS + 1], owner_type, is_classic)


@lru_cache(maxsize=1_000)  # pages repeat their class names
def _meaning_of(attribute: str, owner_type: str | None, is_classic: bool) -> Meaning | None:
    names = attribute.split()
    if len(attribute) > _MAX_CLASS:
        names.pop()  # it may be cut
    found = Meaning(
        root=_root_of(names, is_classic=is_classic or owner_type in (None, "feed")),
        properties=tuple(_properties(names, owner_type or "", is_classic=is_classic)),
        is_text=any(map(_TEXT.fullmatch, names)),
        part="value-title" if "value-title" in names else "value" if "value" in names else None,
    )
    return found if found != Meaning() else None


def _root_of(names: list[str], *, is_classic: bool) -> tuple[str, bool] | None:
    for name in names:
        if name[:2] == "h-" and name[2:] in _TYPES:
            return name[2:], False
    classic = ((_CLASSIC_TYPES[name], True) for name in names if is_classic and name in _CLASSIC_TYPES)
    return next(classic, None)


def _properties(names: list[str], owner_type: str, *, is_classic: bool) -> Iterator[Property]:
    read = _READ.get(owner_type, frozenset())
    classic = _CLASSIC.get(owner_type, {}) if is_classic else {}
    for name in names:
        prefix, _, rest = name.partition("-")
        if prefix in _PREFIXES and rest in read:
            yield "u" if rest in RESPONSES else _PREFIXES[prefix], rest
        elif name in classic:
            yield classic[name]
