"""Reads the XML of exports: of any size in bounded memory, element by element, strictly or with forgiveness.

Nothing is fetched, and no entity is ever expanded: a DOCTYPE is passed over, one that declares entities refused
(XML 1.0 section 4.2). Elements are named without their namespaces, whose versions differ; `named` tells those apart
that have one local name.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final
from xml.parsers import expat

from lxml import etree

from feedserver.disk import Readable
from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.text import VOID
from feedserver.transfer.formats.xml_mending import PIECE, Mending, pieces
from feedserver.transfer.formats.xml_prolog import Prolog

MAX_ELEMENT: Final = 12 * 1024 * 1024  # characters of one element that is given
_MAX_DEPTH: Final = 200
_MAX_NAMES: Final = 10_000  # kinds of elements and attributes; the parser never forgets one
_MAX_TEXTS: Final = 1000  # pieces of a text before they are joined
_WEIGHT: Final = 200  # characters that an element, and each attribute, is counted as

# What an element or attribute is called, given its namespace ("" if it has none) and local name.
Namer = Callable[[str, str], str]


# Whether what is in an element is markup, given its path and attributes.
IsMarkup = Callable[[str, Mapping[str, str]], bool]


def local_name(_namespace: str, name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class Node:
    """An element. `text` is all that stands directly in it, `line` the one on which its start tag ends."""

    name: str
    line: int
    attributes: Mapping[str, str]
    text: str
    children: tuple["Node", ...] = field(repr=False)

    def all(self, name: str) -> Iterator["Node"]:
        """Its children of this name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Node | None":
        return next(self.all(name), None)

    def said(self, name: str) -> str:
        """The text of the first child of this name, without blanks around it; "" if there is none."""
        child = self.first(name)
        return child.text.strip() if child else ""


def elements(
    file: Readable,
    wanted: Collection[str],
    *,
    named: Namer = local_name,
    mending: Mending | None = None,
    is_markup: IsMarkup = lambda _path, _attributes: False,
) -> Iterator[Node]:
    """Gives the elements of a document that stand at the `wanted` paths (`rss/channel/item`), as they end.

    One inside another that is wanted is given before it, and is no child of it. Of one that `is_markup` the text is
    HTML of all that is in it, and it has no children. Without `mending` the document must be
    well-formed; with it, what is damaged is mended and noted there, and only whole elements are given.

    Raises ImportDamaged for a document that is not well-formed; ImportRefused for one that declares entities, or has
    elements that are too deep or too large. Elements before that may have been given.
    """
    return _Reading(wanted, named, mending, is_markup).read(file)


@dataclass(slots=True)
class _Open:
    """An element whose end was not seen. `kept`: it is wanted or part of such a one. `weight`: what was held before."""

    path: str
    name: str
    line: int
    kept: bool
    weight: int
    attributes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


class _Reading:
    """One document as it is read. The parser calls `start`, `end`, `data`, `comment` and `pi`."""

    def __init__(self, wanted: Collection[str], named: Namer, mending: Mending | None, is_markup: IsMarkup) -> None:
        self._wanted, self._named, self._mending, self._is_markup = wanted, named, mending, is_markup
        self._prolog: Prolog | None = Prolog()
        self._prolog.refuse_entities()
        target: Any = self  # the stubs would have bytes too
        self._parser = etree.XMLParser(
            target=target,
            encoding="utf-8",
            recover=mending is not None,
            huge_tree=True,  # texts may have more than 10 MB; everything that this allows is bounded here
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        self._names: dict[str, str] = {}
        self._opened: list[_Open] = []
        self._tags: list[str] = []  # those open within an element of markup
        self._in_markup = False
        self._ready: deque[Node] = deque()
        self._line, self._weight, self._unparsed = 1, 0, 0
        self._has_ended = False

    def read(self, file: Readable) -> Iterator[Node]:
        for piece in pieces(file, self._mending):
            if self._prolog:
                self._look_at(self._prolog, piece)
            # Few lines at a time: an element's line is the one that is being read.
            for part in _by_lines(piece):
                self._feed(part)
                while self._ready:
                    yield self._ready.popleft()
                self._line += part.count(b"\n")
        self._finish()

    def _look_at(self, prolog: Prolog, piece: bytes) -> None:
        try:
            if prolog.root_in(piece):
                self._prolog = None
        except expat.ExpatError as error:
            damage = _damage(error.lineno, expat.ErrorString(error.code))
            raise (damage if self._mending is None else ImportRefused(str(damage))) from None

    def _feed(self, part: bytes) -> None:
        self._unparsed += len(part)
        if self._unparsed > MAX_ELEMENT + PIECE:
            raise ImportRefused(f"line {self._line}: a text or tag of more than {MAX_ELEMENT:,} bytes")
        try:
            self._parser.feed(part)
        except etree.XMLSyntaxError as error:
            raise _damage(error.lineno or self._line, error.msg) from None

    def _finish(self) -> None:
        """Says what is wrong with the whole. What the end of the document closes was cut, and is not given."""
        if self._prolog:
            raise ImportRefused("it is empty" if self._line == 1 else "it holds no XML element")
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise _damage(error.lineno or self._line, error.msg) from None
        # An undeclared entity stands for something that is missing, though it may be one of the DTD's.
        complaints = [
            (entry.line, entry.message)
            for entry in self._parser.feed_error_log
            if entry.level >= etree.ErrorLevels.ERROR or entry.type_name == "WAR_UNDECLARED_ENTITY"
        ]
        if self._mending is not None:
            for line, message in complaints:
                self._mending.note(line, message, "it is not well-formed")
            if not self._has_ended:
                self._mending.note(self._line, "the file ends early", "it was cut off; only what is whole is taken")
        elif complaints:
            raise _damage(*complaints[0])

    # --- what the parser calls ---

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._unparsed = 0
        if len(self._opened) + len(self._tags) >= _MAX_DEPTH:
            raise ImportRefused(f"line {self._line}: elements within more than {_MAX_DEPTH} others")
        parent = self._opened[-1] if self._opened else None
        name = self._name(tag)
        if self._in_markup:
            self._tags.append(name)
            written = (f' {self._name(key)}="{escape(_value(value))}"' for key, value in attributes.items())
            self._write(f"<{name}{''.join(written)}>")
            return
        path = f"{parent.path}/{name}" if parent else name
        kept = (parent is not None and parent.kept) or path in self._wanted
        element = _Open(path, name, self._line, kept, self._weight)
        if attributes:
            for key, value in attributes.items():
                element.attributes[self._name(key)] = _value(value)
                self._carry(_WEIGHT + len(value))
        self._opened.append(element)
        if kept:
            self._carry(_WEIGHT)
            self._in_markup = self._is_markup(path, element.attributes)

    def end(self, _tag: str) -> None:
        self._unparsed = 0
        if self._tags:
            if (name := self._tags.pop()) not in VOID:
                self._write(f"</{name}>")
            return
        self._in_markup = False
        element = self._opened.pop()
        self._has_ended |= not self._opened
        if not element.kept:
            self._weight = element.weight
            return
        text, children = "".join(element.texts), tuple(element.children)
        node = Node(element.name, element.line, element.attributes, text, children)
        if element.path in self._wanted:
            self._weight = element.weight
            self._ready.append(node)
        else:
            self._opened[-1].children.append(node)

    def data(self, text: str) -> None:
        self._unparsed = 0
        if self._opened and self._opened[-1].kept:
            self._write(escape(text, quote=False) if self._in_markup else text)

    def _write(self, text: str) -> None:
        self._carry(len(text))
        texts = self._opened[-1].texts
        if len(texts) >= _MAX_TEXTS:
            texts[:] = ("".join(texts),)
        texts.append(text)

    def comment(self, _text: str) -> None:
        self._unparsed = 0

    def pi(self, _target: str, _text: str | None = None) -> None:
        self._unparsed = 0

    def close(self) -> None:
        """Nothing is built."""

    def _carry(self, weight: int) -> None:
        self._weight += weight
        if self._weight > MAX_ELEMENT:
            raise ImportRefused(f"line {self._line}: an element of more than {MAX_ELEMENT:,} characters")

    def _name(self, tag: str) -> str:
        name = self._names.get(tag)
        if name is None:
            if len(self._names) >= _MAX_NAMES:
                raise ImportRefused(f"line {self._line}: more than {_MAX_NAMES:,} kinds of elements and attributes")
            namespace, _, local = tag.rpartition("}")
            name = self._names[tag] = self._named(namespace.removeprefix("{"), local)
        return name


def _value(attribute: str) -> str:
    """The value of an attribute: with `resolve_entities` off, libxml2 gives each ampersand of it as a reference."""
    return attribute.replace("&#38;", "&")


def _by_lines(piece: bytes) -> Iterator[bytes]:
    """`piece` in parts, each of which has at most one line with a tag, at its end."""
    start = 0
    while start < len(piece):
        tag = piece.find(b"<", start)
        line = piece.find(b"\n", tag) if tag >= 0 else -1
        end = line + 1 if line >= 0 else len(piece)
        if tag > start and (before := piece.rfind(b"\n", start, tag)) >= 0:
            yield piece[start : before + 1]
            start = before + 1
        yield piece[start:end]
        start = end


def _damage(line: int, problem: str | None) -> ImportDamaged:
    words = (problem or "damaged").partition("\n")[0].partition(", line ")[0]  # a piece of the text may follow
    return ImportDamaged(f"line {line}: not well-formed: {words}")
