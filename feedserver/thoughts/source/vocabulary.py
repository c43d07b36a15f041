"""Class names of microformats2, and the classic ones of blogs, as far as they say what a source is to a post. Pure.

https://microformats.org/wiki/microformats2-parsing, and “Classic Microformats backward compatibility” there.
"""

from collections.abc import Iterator
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
_MAX_CLASS: Final = 2_000  # characters of an attribute
MIN_NAMES: Final = ("h-entry", "hentry")  # one of them is in every page that is read


def names_in(attribute: str) -> list[str]:
    """The class names at the beginning of an attribute."""
    names = attribute[:_MAX_CLASS].split()
    return names if len(attribute) <= _MAX_CLASS else names[:-1]


def root_type(names: list[str], *, is_classic: bool) -> tuple[str, bool] | None:
    """The type of the item that an element begins, without `h-`, and whether it is of a classic format; None if none.

    Classic names count if `is_classic`: in no item, or in a classic one.
    """
    for name in names:
        if name[:2] == "h-" and name[2:] in _TYPES:
            return name[2:], False
    if is_classic:
        for name in names:
            if name in _CLASSIC_TYPES:
                return _CLASSIC_TYPES[name], True
    return None


def properties(names: list[str], owner_type: str, *, is_classic: bool) -> Iterator[Property]:
    """The properties of an item of `owner_type` that these class names give."""
    read = _READ.get(owner_type, frozenset())
    classic = _CLASSIC.get(owner_type, {}) if is_classic else {}
    for name in names:
        prefix, _, rest = name.partition("-")
        if prefix in _PREFIXES and rest in read:
            yield "u" if rest in RESPONSES else _PREFIXES[prefix], rest
        elif name in classic:
            yield classic[name]


def counts_as_text(names: list[str]) -> bool:
    """Whether class names give any property of text, by which an item has no implied name."""
    return any(name.startswith(("p-", "e-")) for name in names)
