"""Reads an XML-RPC call as apps send it, piece by piece, within limits. Pure but for the files of base64.

More forgiving than `feedserver.xmlrpc`, which reads pings: blanks before the declaration, a byte order mark, both
spellings of booleans, numbers as text, dates in every form. What stands in base64 is decoded as it comes, into files.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from feedserver.authoring.xmlrpc_apps.base64_decoder import Decoder
from feedserver.authoring.xmlrpc_apps.scalars import SCALARS
from feedserver.authoring.xmlrpc_apps.values import WrongArguments
from feedserver.text import clean
from feedserver.xmlrpc import ENCODINGS, MAX_DEPTH, Call, MalformedRequest, NotACall

MOST_ELEMENTS: Final = 50_000  # of a call: some ten thousand values
MOST_TEXT: Final = 4_194_304  # characters of a call, but for base64: a text of 1 MiB, its other fields, and room
MOST_FILES: Final = 100  # values of base64 in a call: one is a file, and libraries send texts so that are not ASCII
_BUFFER: Final = 65_536  # characters that expat gathers before it hands them on
_MARK: Final = b"\xef\xbb\xbf"  # the byte order mark of UTF-8
_BEFORE_XML: Final = _MARK + b" \t\r\n"
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}\sencoding\s*=")
_KNOWN: Final = {
    *("methodCall", "methodName", "params", "param", "value", "struct", "member", "name", "array", "data"),
    *SCALARS,
}
_WITH_TEXT: Final = {"value", "name", "methodName", *SCALARS} - {"base64"}


class CallReader:
    """Reads one call. `method` and `params` fill as it is read; a param that is `nil` is None.

    Each method raises MalformedRequest, NotACall or WrongArguments.
    """

    def __init__(self, new_file: Callable[[], Path] | None = None, charset: str | None = None) -> None:
        """`new_file` names a file that is not there yet; without it what stands in base64 is passed over, as None.

        `charset` is what the header says of the encoding, for a document that does not say it itself.
        """
        self.method: str | None = None
        self.params: list[Any] = []
        self._new_file = new_file
        self._charset = charset if charset and charset.lower() in ENCODINGS else None
        self._parser: expat.XMLParserType | None = None
        self._has_mark = False
        self._open: list[_Element] = []
        self._elements = 0
        self._files = 0
        self._text = 0

    def feed(self, piece: bytes, *, is_last: bool = False) -> None:
        """Reads on. The last piece may be empty."""
        if self._parser is None:
            begun = piece.lstrip(_BEFORE_XML)
            self._has_mark = self._has_mark or _MARK in piece[: len(piece) - len(begun)]
            if not begun and not is_last:
                return
            piece = begun
            self._parser = self._made_for(piece)
        try:
            self._parser.Parse(piece, is_last)
        except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding that Python cannot map
            raise MalformedRequest from error

    def finish(self) -> Call:
        """The call, after its last piece."""
        self.feed(b"", is_last=True)
        if not self.method:
            raise NotACall
        return Call(self.method, tuple(self.params))

    def _made_for(self, beginning: bytes) -> expat.XMLParserType:
        said_outside = None if _DECLARED.match(beginning) else self._charset
        parser = expat.ParserCreate("utf-8" if self._has_mark else said_outside)
        parser.buffer_text = True
        parser.buffer_size = _BUFFER
        parser.XmlDeclHandler = _check_declaration
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear
        return parser

    def _begin(self, tag: str, _: dict[str, str]) -> None:
        if not self._open and tag != "methodCall":
            raise NotACall
        if len(self._open) >= MAX_DEPTH:
            raise MalformedRequest
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise WrongArguments(f"The call has over {MOST_ELEMENTS} elements.")
        element = _Element(tag.rpartition(":")[2])  # `ex:nil`
        if element.tag == "base64" and self._new_file is not None:
            self._files += 1
            if self._files > MOST_FILES:
                raise WrongArguments(f"The call has over {MOST_FILES} values in base64.")
            element.decoder = Decoder(self._new_file())
        elif element.tag not in _KNOWN:
            raise WrongArguments(f"There is no type “{element.tag[:20]}” in XML-RPC.")
        self._open.append(element)

    def _hear(self, text: str) -> None:
        element = self._open[-1]
        if element.decoder is not None:
            element.decoder.take(text)
        elif element.tag in _WITH_TEXT:
            self._text += len(text)
            if self._text > MOST_TEXT:
                raise WrongArguments("The call has over 4 MiB of text.")
            element.text.append(text)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        if not self._open:
            return
        within = self._open[-1]
        tag = element.tag
        if tag == "methodName":
            self.method = element.words.strip()
        elif tag == "name":
            within.name = element.words.strip()
        elif tag == "param":
            self.params.append(element.value)
        elif tag == "member":
            within.members[element.name] = element.value
        elif tag == "value":
            value = element.value if element.is_set else element.words
            within.items.append(value)
            within.set(value)
        elif tag == "data":
            within.items = element.items
        elif tag not in ("params", "methodCall"):
            within.set(element.meaning())


class _Element:
    """An element that has begun: its text, and what has ended within it."""

    __slots__ = ("decoder", "is_set", "items", "members", "name", "tag", "text", "value")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.text: list[str] = []
        self.name = ""
        self.value: Any = None
        self.is_set = False
        self.items: list[Any] = []
        self.members: dict[str, Any] = {}
        self.decoder: Decoder | None = None

    @property
    def words(self) -> str:
        return clean("".join(self.text))

    def set(self, value: Any) -> None:
        self.value, self.is_set = value, True

    def meaning(self) -> Any:
        """The value of an element that names a type."""
        if self.tag == "struct":
            return self.members
        if self.tag == "array":
            return self.items
        if self.decoder is not None:
            return self.decoder.ended()
        read = SCALARS[self.tag]
        said = self.words if self.tag == "string" else self.words.strip()
        try:
            return read(said)
        except ValueError:
            raise WrongArguments(f"“{said[:40]}” is no {self.tag}.") from None


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and encoding.lower() not in ENCODINGS:
        raise MalformedRequest


def _refuse_doctype(*_: object) -> None:
    raise MalformedRequest
