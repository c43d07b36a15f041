"""The items of microformats: as they are read, and while their elements are open. Pure.

What an element has in its attributes, and what the markup of an item implies: microformats2 sections 1.2 to 1.5.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from turbohtml import Token

from feedserver.urls import MAX_URL

_URLS: Final = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("audio", "iframe", "img", "source", "video"), "src"),
    "object": "data",
}
# The attribute in which an element has its value, by the prefix of the property; "value" of `data` and `input` always.
_ATTRIBUTES: Final[dict[str, dict[str, str]]] = {
    "p": {"abbr": "title", "area": "alt", "img": "alt", "link": "title"},
    "u": {**_URLS, "abbr": "title"},
    "dt": {"abbr": "title", "del": "datetime", "ins": "datetime", "time": "datetime"},
    "e": {},
}


IMPLYING: Final = frozenset(("card", "cite"))  # types whose name or URL is implied


@dataclass(frozen=True, slots=True)
class Item:
    """A microformat: its type without `h-`, the tokens between which it stands, texts and items by property.

    Texts are as they stand in the page, at most 4,000 characters each; URLs are absolute.
    """

    type: str
    start: int
    end: int
    texts: Mapping[str, tuple[str, ...]]
    items: Mapping[str, tuple["Item", ...]]

    def first(self, name: str) -> str:
        """The first text of a property that says something, "" without one."""
        return next((text for text in self.texts.get(name, ()) if text.strip()), "")


@dataclass(slots=True)
class OpenItem:
    """An item whose element is open, and what may imply its name and its URL (section 1.5)."""

    type: str
    is_classic: bool
    start: int
    depth: int
    parent: "OpenItem | None"
    end: int = -1
    # Each with the place of its element, in whose order they count, and with whether it is a URL.
    texts: dict[str, list[tuple[int, bool, str]]] = field(default_factory=dict)
    items: dict[str, list["OpenItem"]] = field(default_factory=dict)
    own_name: str | None = None  # in attributes of its element
    own_url: str | None = None
    has_text: bool = False  # a property of text, whatever it is called
    has_items: bool = False
    children: int = 0
    links: list[list[str]] = field(default_factory=lambda: [[], []])  # of children and of grandchildren
    picture: str | None = None  # the text of a picture among the children

    def add_text(self, name: str, text: str, at: int, *, is_url: bool = False) -> None:
        self.texts.setdefault(name, []).append((at, is_url, text))

    @property
    def is_top(self) -> bool:
        return self.parent is None or (self.parent.type == "feed" and self.parent.is_top)

    def count_child(self, depth: int, tag: str, token: Token) -> None:
        """Counts an element that may imply something of the item in which it stands."""
        level = depth - self.depth
        if level == 1:
            self.children += 1
            if tag == "img" and self.picture is None:
                self.picture = token.attr("alt")
        if tag == "a" and level in (1, 2) and len(self.links[level - 1]) < 2:
            self.links[level - 1].append((token.attr("href") or "")[:MAX_URL])

    def imply(self, text: str) -> None:
        """Adds the name of a card, and the URL of a card or citation, that its markup implies (section 1.5)."""
        if self.type == "card" and "name" not in self.texts and not self.has_text and not self.has_items:
            self.add_text("name", self.own_name or (self.picture if self.children == 1 else None) or text, self.start)
        if self.type in IMPLYING and "url" not in self.texts and not self.has_items:
            children, grandchildren = self.links
            inner = children or (grandchildren if self.children == 1 else [])
            if self.own_url is not None:
                self.add_text("url", self.own_url, self.start, is_url=True)
            elif len(inner) == 1:
                self.add_text("url", inner[0], self.start, is_url=True)

    def finished(self, absolute: Callable[[str], str | None]) -> Item:
        texts: dict[str, tuple[str, ...]] = {}
        for name, values in self.texts.items():
            values.sort(key=lambda value: value[0])  # those around end after those in them
            found = [absolute(value) if is_url else value for _, is_url, value in values]
            texts[name] = tuple(value for value in found if value is not None)
        items = {name: tuple(one.finished(absolute) for one in found) for name, found in self.items.items()}
        return Item(self.type, self.start, self.end, texts, items)


def attribute_of(prefix: str, tag: str, token: Token) -> str | None:
    """The value of a property in an attribute of its element; None if it has none, and its text is the value."""
    name = "value" if tag in ("data", "input") and prefix != "e" else _ATTRIBUTES[prefix].get(tag)
    value = token.attr(name) if name else None
    return value if value is None or len(value) <= MAX_URL else None
