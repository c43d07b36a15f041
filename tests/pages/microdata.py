"""Reads the microdata of a page (HTML section 5.2.4): items with their type and properties."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import lxml.html

_ADDRESSES = {"a": "href", "link": "href", "img": "src", "audio": "src", "video": "src"}


@dataclass
class Item:
    """`properties` are lists of texts and items, by name."""

    type: str
    properties: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def __getitem__(self, name: str) -> Any:
        """The only value of a property."""
        (value,) = self.properties[name]
        return value


def read(page: str) -> list[Item]:
    """The items of a page that are no property of another one."""
    found: list[Item] = []
    _walk(lxml.html.document_fromstring(page.encode()), None, found)
    return found


def _walk(element: Any, owner: Item | None, found: list[Item]) -> None:
    item = Item(element.get("itemtype")) if element.get("itemscope") is not None else None
    names = element.get("itemprop", "").split()
    assert owner or not names, f"{names} belong to no item"
    if owner:
        for name in names:
            owner.properties[name].append(item or _value(element))
    if item and not names:
        found.append(item)
    for child in element.iterchildren("*"):
        _walk(child, item or owner, found)


def _value(element: Any) -> str:
    if element.tag == "meta":
        return str(element.get("content"))
    if element.tag == "time":
        return str(element.get("datetime"))
    if element.tag in _ADDRESSES:
        return str(element.get(_ADDRESSES[element.tag]))
    return " ".join(element.text_content().split())
