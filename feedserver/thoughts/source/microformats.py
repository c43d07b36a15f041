"""Reads the microformats of a page from its tokens, as far as they say what the page is to a post, and by whom.

microformats2 (https://microformats.org/wiki/microformats2-parsing), with `hentry` and `vcard` as blogs still have them.
No tree is built: items and properties are open elements with a depth. Time is linear in the length of the page, memory
bounded: so many open elements, texts and values, however deep or many they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from turbohtml import Token

from feedserver.thoughts.source.items import Item, OpenItem, attribute_of
from feedserver.thoughts.source.plain_text import PlainText, breaks_around, folded
from feedserver.thoughts.source.tokens import END, HIDDEN, INVISIBLE, START, TEMPLATE, TEXT, OpenElements
from feedserver.thoughts.source.vocabulary import (
    MIN_NAMES,
    Property,
    counts_as_text,
    names_in,
    properties,
    root_type,
)
from feedserver.urls import MAX_URL

_MAX_OPEN: Final = 64  # elements with microformats, one in the other
_MAX_TEXTS: Final = 12  # of them whose text is kept
_MAX_VALUES: Final = 300  # of a page
_MAX_PARTS: Final = 8  # of a value that stands in several elements
_MAX_DATE: Final = 64  # characters
_BY_RELATION: Final = {"in-reply-to": "in-reply-to", "bookmark": "url"}
_VALUES: Final = frozenset(("value", "value-title"))


@dataclass(frozen=True, slots=True)
class Microformats:
    """The top-level entries, feeds and cards of a page, those in feeds too, and its links with `rel=me` and
    `rel=author`."""

    entries: tuple[Item, ...] = ()
    feeds: tuple[Item, ...] = ()
    cards: tuple[Item, ...] = ()
    me: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def are_in(text: str) -> bool:
    """Whether a page may have an entry; most have none, and cost nothing more."""
    return any(name in text for name in MIN_NAMES)


@dataclass(slots=True)
class _OpenElement:
    """An open element that is an item, a property, or a part of one."""

    depth: int
    owner: OpenItem | None  # whose properties it has
    properties: list[Property]
    values: dict[Property, str]  # those that stand in its attributes
    item: OpenItem | None = None  # that it begins
    text: PlainText | None = None
    is_seen_alone: bool = False  # of its text, only what readers see
    part_of: "_OpenElement | None" = None
    parts: list[str] = field(default_factory=list)


class MicroformatsReader:
    """Takes the tokens of a page, one after the other."""

    def __init__(self, open_elements: OpenElements) -> None:
        self._open_elements = open_elements
        self._open: list[_OpenElement] = []
        self._texts: list[_OpenElement] = []
        self._items: list[OpenItem] = []  # that are on no other item
        self._related: dict[str, list[str]] = {"me": [], "author": []}
        self._left = _MAX_VALUES
        self._preformatted: int | None = None  # the depth of an open `pre`

    def take(self, position: int, token: Token, flags: int) -> None:
        """Takes the next token, with its flags."""
        kind = token.type
        if kind is TEXT:
            if self._texts and not flags & (INVISIBLE | TEMPLATE):
                self._add(token.data or "", is_hidden=bool(flags & HIDDEN))
            return
        if kind is not START and kind is not END:
            return
        floor = self._open_elements.floor
        while self._open and self._open[-1].depth > floor:
            self._close(position)
        if self._preformatted is not None and self._preformatted > floor:
            self._preformatted = None
        tag = token.tag or ""
        if self._texts:
            self._add_structure(tag, token, flags)
        if kind is START and not flags & TEMPLATE:
            self._start(position, tag, token)

    def finish(self, position: int, absolute: Callable[[str], str | None]) -> Microformats:
        """The microformats, with URLs that `absolute` resolves; `position` is that of the last token."""
        while self._open:
            self._close(position + 1)
        known: dict[str, str | None] = {}

        def resolved(url: str) -> str | None:
            if url not in known:
                known[url] = absolute(url)
            return known[url]

        of_type: dict[str, list[Item]] = {"entry": [], "feed": [], "card": []}
        for item in self._items:
            if item.type in of_type:
                of_type[item.type].append(item.finished(resolved))
        me, authors = (tuple(url for raw in found if (url := resolved(raw))) for found in self._related.values())
        return Microformats(tuple(of_type["entry"]), tuple(of_type["feed"]), tuple(of_type["card"]), me, authors)

    # --- elements ---

    def _start(self, position: int, tag: str, token: Token) -> None:
        depth = len(self._open_elements.tags)
        is_void = depth == self._open_elements.floor
        owner = self._owner()
        if owner is not None:
            owner.count_child(depth + is_void, tag, token)
        attribute = token.attr("class")
        relations = (token.attr("rel") or "")[:200].lower().split() if tag in ("a", "link") else []
        if tag == "pre" and self._preformatted is None:
            self._preformatted = depth
        if not attribute and not relations:
            return
        names = names_in(attribute or "")
        self._add_relations(owner, relations, token)
        element = self._element(position, tag, token, names, owner, depth)
        if element is None or len(self._open) >= _MAX_OPEN:
            return
        self._open.append(element)
        if is_void:
            self._close(position)
        elif element.text is not None:
            self._texts.append(element)

    def _element(
        self, position: int, tag: str, token: Token, names: list[str], owner: OpenItem | None, depth: int
    ) -> _OpenElement | None:
        """The open element of these class names, None if they say nothing."""
        given: list[Property] = []
        if owner is not None:
            given = list(properties(names, owner.type, is_classic=owner.is_classic))
            owner.has_text = owner.has_text or counts_as_text(names)
        root = root_type(names, is_classic=owner is None or owner.is_classic or owner.type == "feed")
        if root is not None:
            return self._root(position, root, given, owner, depth, tag, token)
        inner = self._open[-1] if self._open else None
        if inner is not None and inner.item is None and not inner.part_of and not _VALUES.isdisjoint(names):
            prefix = inner.properties[0][0]
            value = token.attr("title") if "value-title" in names else attribute_of(prefix, tag, token)
            part = _OpenElement(depth, owner, [], {}, part_of=inner)
            if value is not None:
                part.parts.append(value[:MAX_URL])
            else:
                self._keep_text(part)
            return part
        if not given or self._left <= 0:
            return None
        self._left -= 1
        values = {one: value for one in given if (value := attribute_of(one[0], tag, token)) is not None}
        element = _OpenElement(depth, owner, given, values)
        element.is_seen_alone = any(name in ("content", "summary") for _, name in given)
        if len(values) < len(given):
            self._keep_text(element)
        return element

    def _root(
        self,
        position: int,
        root: tuple[str, bool],
        given: list[Property],
        owner: OpenItem | None,
        depth: int,
        tag: str,
        token: Token,
    ) -> _OpenElement | None:
        if self._left <= 0:
            return None
        self._left -= 1
        item = OpenItem(*root, position, depth, owner)
        item.own_name = attribute_of("p", tag, token)
        item.own_url = attribute_of("u", tag, token) if tag in ("a", "area") else None
        if owner is not None:
            owner.has_items = True
        if root[0] == "card" and owner is not None and not given:  # within what is called author
            around = self._open[-1]
            given = [one for one in around.properties if around.owner is owner and one[1] == "author"]
        element = _OpenElement(depth, owner, given, {}, item)
        if root[0] == "card":
            self._keep_text(element)
        return element

    def _owner(self) -> OpenItem | None:
        """The innermost open item."""
        return (self._open[-1].item or self._open[-1].owner) if self._open else None

    def _keep_text(self, element: _OpenElement) -> None:
        if len(self._texts) < _MAX_TEXTS:
            element.text = PlainText()

    def _add_relations(self, owner: OpenItem | None, relations: list[str], token: Token) -> None:
        url = token.attr("href") if relations else None
        if url is None or self._left <= 0 or len(url) > MAX_URL:
            return
        for relation, found in self._related.items():
            if relation in relations:
                self._left -= 1
                found.append(url)
        for relation, name in _BY_RELATION.items():
            is_read = owner is not None and owner.type == "entry" and (name != "url" or owner.is_classic)
            if owner is not None and is_read and relation in relations:
                self._left -= 1
                owner.add_text(name, url, is_url=True)

    # --- text ---

    def _add(self, text: str, *, is_hidden: bool) -> None:
        piece = folded(text, is_preformatted=self._preformatted is not None)
        for element in self._texts:
            if element.text is not None and not (is_hidden and element.is_seen_alone):
                element.text.add(piece)

    def _add_structure(self, tag: str, token: Token, flags: int) -> None:
        breaks = breaks_around(tag)
        if tag == "br":
            for element in self._texts:
                if element.text is not None:
                    element.text.break_line()
        elif breaks:
            for element in self._texts:
                if element.text is not None:
                    element.text.end_line(breaks)
        elif tag == "img" and token.type is START:
            self._add(token.attr("alt") or "", is_hidden=bool(flags & HIDDEN))

    # --- ends ---

    def _close(self, position: int) -> None:
        element = self._open.pop()
        if self._texts and self._texts[-1] is element:
            self._texts.pop()
        text = str(element.text) if element.text is not None else ""
        if element.part_of is not None:
            if len(element.part_of.parts) < _MAX_PARTS:
                element.part_of.parts.append(element.parts[0] if element.parts else text[:MAX_URL])
        elif element.item is not None:
            self._close_item(element, element.item, text, position)
        elif element.owner is not None:
            for prefix, name in element.properties:
                value = element.values.get((prefix, name))
                if element.parts and prefix != "e":
                    value = (" " if prefix == "dt" else "").join(element.parts)
                value = text if value is None else value
                name = "author url" if (prefix, name) == ("u", "author") else name
                element.owner.add_text(name, value[: _MAX_DATE if prefix == "dt" else None], is_url=prefix == "u")

    def _close_item(self, element: _OpenElement, item: OpenItem, text: str, position: int) -> None:
        item.end = position
        item.imply(text)
        if item.is_top:
            self._items.append(item)
        if element.owner is not None:
            for _, name in element.properties:
                element.owner.items.setdefault(name, []).append(item)
