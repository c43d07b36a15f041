"""Reads the microformats of a page from its tokens, as far as they say what the page is to a post, and by whom.

microformats2 (https://microformats.org/wiki/microformats2-parsing), with `hentry` and `vcard` as blogs still have them.
No tree is built: items and properties are open elements with a depth. Time is linear in the length of the page, memory
bounded: so many open elements, texts and values, however deep or many they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from turbohtml import Token

from feedserver.thoughts.source.items import IMPLYING, Item, OpenItem, attribute_of
from feedserver.thoughts.source.plain_text import PlainText, breaks_around, folded
from feedserver.thoughts.source.tokens import END, HIDDEN, INVISIBLE, START, TEMPLATE, TEXT, OpenElements
from feedserver.thoughts.source.vocabulary import MIN_NAMES, Meaning, Property, meaning_of
from feedserver.urls import MAX_URL

_MAX_OPEN: Final = 64  # elements with microformats, one in the other
_MAX_TEXTS: Final = 12  # of them whose text is kept
_MAX_VALUES: Final = 300  # of a page
_MAX_READ: Final = 20_000  # attributes with class names
_MAX_PARTS: Final = 8  # of a value that stands in several elements
_MAX_RELATIONS: Final = 200  # characters
_BY_RELATION: Final = {"in-reply-to": "in-reply-to", "bookmark": "url"}
_WITHOUT_CLASS: Final = frozenset(("a", "link", "pre"))  # elements that say something without class names


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

    position: int
    depth: int
    owner: OpenItem | None  # whose properties it has
    properties: tuple[Property, ...]
    values: dict[Property, str]  # those that stand in its attributes
    item: OpenItem | None = None  # that it begins
    text: PlainText | None = None
    is_seen_alone: bool = False  # of its text, only what readers see
    part_of: "_OpenElement | None" = None
    parts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _StartTag:
    """A start tag: where it stands, how deep its element is, and what its class names say."""

    position: int
    depth: int
    tag: str
    token: Token
    meaning: Meaning


class MicroformatsReader:
    """Takes the tokens of a page, one after the other."""

    def __init__(self, open_elements: OpenElements) -> None:
        self._open_elements = open_elements
        self._open: list[_OpenElement] = []
        self._owner: OpenItem | None = None  # the innermost open item
        self._texts: list[_OpenElement] = []
        self._items: list[OpenItem] = []  # that are on no other item
        self._related: dict[str, list[str]] = {"me": [], "author": []}
        self._left = _MAX_VALUES
        self._read = 0
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
        if self._open:
            if self._open[-1].depth > (floor := self._open_elements.floor):
                self._close_until(floor, position)
            if self._texts:
                self._add_structure(token, flags)
            if self._preformatted is not None and self._preformatted > self._open_elements.floor:
                self._preformatted = None
        if kind is START and not flags & TEMPLATE:
            self._start(position, token.tag or "", token)

    def finish(self, position: int, absolute: Callable[[str], str | None]) -> Microformats:
        """The microformats, with URLs that `absolute` resolves; `position` is that of the last token."""
        self._close_until(-1, position + 1)
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
        attribute, owner = token.attr("class"), self._owner
        is_implying = owner is not None and owner.type in IMPLYING
        if not attribute and not is_implying and tag not in _WITHOUT_CLASS:
            return
        depth = len(self._open_elements.tags)
        is_void = depth == self._open_elements.floor
        if owner is not None and is_implying:
            owner.count_child(depth + is_void, tag, token)
        if tag == "pre" and self._open and self._preformatted is None:
            self._preformatted = depth
        if tag in ("a", "link") and (relations := token.attr("rel")):
            self._add_relations(owner, relations, position, token)
        if not attribute or self._left <= 0 or len(self._open) >= _MAX_OPEN or self._read >= _MAX_READ:
            return
        self._read += 1
        within, is_classic = (owner.type, owner.is_classic) if owner is not None else (None, False)
        meaning = meaning_of(attribute, within, is_classic=is_classic)
        element = self._element(_StartTag(position, depth, tag, token, meaning), owner) if meaning else None
        if element is None:
            return
        self._open.append(element)
        if is_void:
            self._close(position)
            return
        self._owner = element.item or element.owner
        if element.text is not None:
            self._texts.append(element)

    def _element(self, start: _StartTag, owner: OpenItem | None) -> _OpenElement | None:
        """The open element of a start tag, None if its class names say nothing."""
        meaning, given = start.meaning, start.meaning.properties
        if owner is not None:
            owner.has_text = owner.has_text or meaning.is_text
        if meaning.root is None and meaning.part and (part := self._part(start, owner)):
            return part
        if meaning.root is None and not given:
            return None
        self._left -= 1
        if meaning.root is not None:
            return self._root(start, meaning.root, owner)
        values = {one: value for one in given if (value := attribute_of(one[0], start.tag, start.token)) is not None}
        element = _OpenElement(start.position, start.depth, owner, given, values)
        element.is_seen_alone = any(name in ("content", "summary") for _, name in given)
        if len(values) < len(given):
            self._keep_text(element)
        return element

    def _root(self, start: _StartTag, root: tuple[str, bool], owner: OpenItem | None) -> _OpenElement:
        given = start.meaning.properties
        item = OpenItem(*root, start.position, start.depth, owner)
        item.own_name = attribute_of("p", start.tag, start.token)
        item.own_url = attribute_of("u", start.tag, start.token) if start.tag in ("a", "area") else None
        if owner is not None:
            owner.has_items = True
        if item.type == "card" and owner is not None and not given:  # within what is called author
            around = self._open[-1]
            given = tuple(one for one in around.properties if around.owner is owner and one[1] == "author")
        element = _OpenElement(start.position, start.depth, owner, given, {}, item)
        if item.type == "card":
            self._keep_text(element)
        return element

    def _part(self, start: _StartTag, owner: OpenItem | None) -> _OpenElement | None:
        """A part of the value of the property around; None if there is no such property."""
        inner = self._open[-1] if self._open else None
        if inner is None or not inner.properties or inner.item is not None or len(inner.parts) >= _MAX_PARTS:
            return None
        prefix = inner.properties[0][0]
        is_title = start.meaning.part == "value-title"
        value = start.token.attr("title") if is_title else attribute_of(prefix, start.tag, start.token)
        part = _OpenElement(start.position, start.depth, owner, (), {}, part_of=inner)
        if value is not None:
            part.parts.append(value[:MAX_URL])
        else:
            self._keep_text(part)
        return part

    def _keep_text(self, element: _OpenElement) -> None:
        if len(self._texts) < _MAX_TEXTS:
            element.text = PlainText()

    def _add_relations(self, owner: OpenItem | None, attribute: str, position: int, token: Token) -> None:
        url, relations = token.attr("href"), attribute[:_MAX_RELATIONS].lower().split()
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
                owner.add_text(name, url, position, is_url=True)

    # --- text ---

    def _add(self, text: str, *, is_hidden: bool) -> None:
        piece = folded(text, is_preformatted=self._preformatted is not None)
        is_full = False
        for element in self._texts:
            if element.text is not None and not (is_hidden and element.is_seen_alone):
                is_full |= element.text.add(piece)
        if is_full:
            self._texts = [element for element in self._texts if element.text is not None and not element.text.is_full]

    def _add_structure(self, token: Token, flags: int) -> None:
        tag = token.tag or ""
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

    def _close_until(self, floor: int, position: int) -> None:
        """Closes the elements that the last tag has ended: those deeper than `floor`."""
        while self._open and self._open[-1].depth > floor:
            self._close(position)
        self._owner = (self._open[-1].item or self._open[-1].owner) if self._open else None

    def _close(self, position: int) -> None:
        element = self._open.pop()
        if self._texts and self._texts[-1] is element:
            self._texts.pop()
        text = str(element.text) if element.text is not None else ""
        if element.part_of is not None:
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
                element.owner.add_text(name, value, element.position, is_url=prefix == "u")

    def _close_item(self, element: _OpenElement, item: OpenItem, text: str, position: int) -> None:
        item.end = position
        item.imply(text)
        if item.is_top:
            self._items.append(item)
        if element.owner is not None:
            for _, name in element.properties:
                element.owner.items.setdefault(name, []).append(item)
